import { readFile } from 'node:fs/promises';
import { describeOrigin } from '../../../config/origin.ts';
import type { Check } from '../../check.ts';
import { fail, ok, type Finding } from '../../finding.ts';
import { given } from '../../settings/given.ts';
import { setTo, undo } from '../../settings/undo.ts';

/** What Google calls its kinds of credentials; https://google.aip.dev/auth/4110 */
async function troubleIn(file: string): Promise<string | undefined> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (thrown) {
    return (thrown as NodeJS.ErrnoException).code === 'ENOENT' ? 'does not exist' : 'cannot be read';
  }
  try {
    const content = JSON.parse(text) as { readonly type?: unknown } | null;
    return typeof content?.type === 'string' ? undefined : 'is no key file: it has no "type"';
  } catch {
    return 'is no JSON';
  }
}

export const gcsCredentialsFile: Check = {
  id: 'D56',
  name: 'gcs-credentials-file',
  area: 'configuration',
  title: "The file with Google's credentials can be read",
  explain:
    'GOOGLE_APPLICATION_CREDENTIALS names a JSON key file, on the client and on the server. When it is absent, often because the secret is not mounted in the container, stock MLflow goes on without credentials and ends with "Anonymous credentials cannot be refreshed" or 401.',
  network: false,
  needs: [],
  async run({ config }): Promise<readonly Finding[]> {
    const found = given(config, 'gcs.credentialsFile');
    if (!found) return [ok('none is named: gcloud, then the machine')];
    const { value, origin } = found;
    const trouble = await troubleIn(value);
    const named = `${value} (${describeOrigin(origin)})`;
    if (trouble === undefined) return [ok(`${named} holds credentials`)];
    return [
      fail(
        `${named} ${trouble}`,
        `${setTo(origin, '/PATH/TO/KEY.json')}, or ${undo(origin)} to use gcloud's or the machine's`,
      ),
    ];
  },
};
