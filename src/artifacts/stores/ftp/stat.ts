import type { ArtifactPath } from '../../../core/artifact-path.ts';
import type { Io } from '../../../core/io.ts';
import type { Entry } from '../../store.ts';
import { entryOf } from './list.ts';
import { lookAt } from './look.ts';
import { isHidden } from './names.ts';
import { serverPath, subjectAt, type Root } from './root.ts';

/** What is at a path, links as `other` where the server tells them apart. Lists the directory that holds it. */
export async function statPath(root: Root, path: ArtifactPath, io: Io): Promise<Entry | undefined> {
  if (isHidden(path)) return undefined;
  const found = await root.pool.use(io, async (connection) =>
    lookAt(connection, serverPath(root, path), subjectAt(root, path)),
  );
  return found && entryOf(path, found);
}
