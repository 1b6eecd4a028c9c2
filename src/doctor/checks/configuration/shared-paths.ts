import { stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import type { Check } from '../../check.ts';
import { fail, ok, type Finding } from '../../finding.ts';
import { given } from '../../settings/given.ts';
import { undo } from '../../settings/undo.ts';

async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

export const sharedPaths: Check = {
  id: 'D57',
  name: 'shared-paths',
  area: 'configuration',
  title: 'Every shared path is there on this machine',
  explain:
    'MLSTOW_SHARED_PATHS and --shared-path name folders that this machine shares with the server and its other clients under the same path, as NFS needs. Where the mount is missing, the path is a local folder or nothing, and artifacts written there are seen by nobody else; mlstow refuses such a location.',
  network: false,
  needs: [],
  async run({ config }): Promise<readonly Finding[]> {
    const found = given(config, 'artifacts.sharedPaths');
    if (!found) return [ok('none is named')];
    const { value, origin } = found;
    const look = async (path: string): Promise<Finding> => {
      if (isAbsolute(path) && (await isFolder(path))) return ok(`${path} is there`, path);
      return fail(
        `the shared path ${path} is not a folder on this machine`,
        `mount it at ${path}, or take it out of ${origin.name}${value.length === 1 ? `: ${undo(origin)}` : ''}`,
        path,
      );
    };
    return Promise.all(value.map(look));
  },
};
