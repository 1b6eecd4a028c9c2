import { readFile } from 'node:fs/promises';
import { Failure } from '../../../core/failure.ts';

/** What `~/.mlflow/credentials` may say. */
export interface FileCredentials {
  readonly username?: string;
  readonly password?: string;
}

/**
 * The keys of section `[mlflow]`, read as Python's configparser does for MLflow: values keep their quotes, `#` and `;`
 * (the `ini` package cuts a password there), only a line that starts with one is a comment, and `%%` is `%`.
 * (https://docs.python.org/3/library/configparser.html#supported-ini-file-structure)
 */
export function parseCredentials(text: string): FileCredentials {
  const found = new Map<string, string>();
  let section = '';
  for (const line of text.split(/\r?\n/).map((raw) => raw.trim())) {
    if (line === '' || line.startsWith('#') || line.startsWith(';')) continue;
    const heading = /^\[(.+)\]/.exec(line);
    if (heading) section = heading[1] ?? '';
    const pair = /^([^=:]+?)\s*[=:]\s*(.*)$/.exec(line);
    if (!heading && pair && section === 'mlflow') {
      found.set((pair[1] ?? '').toLowerCase(), (pair[2] ?? '').replaceAll('%%', '%'));
    }
  }
  const username = found.get('mlflow_tracking_username');
  const password = found.get('mlflow_tracking_password');
  return { ...(username ? { username } : {}), ...(password ? { password } : {}) };
}

/**
 * Reads a credentials file; an absent one says nothing.
 * @throws Failure misconfigured when it is there and cannot be read
 */
export async function readCredentialsFile(path: string): Promise<FileCredentials> {
  try {
    return parseCredentials(await readFile(path, 'utf8'));
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return {};
    const hint = 'make it readable for you, or remove it';
    throw new Failure(
      { kind: 'misconfigured', message: `credentials file ${path} cannot be read`, subject: path, hint },
      thrown,
    );
  }
}
