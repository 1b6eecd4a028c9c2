import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Key } from '../settings/index.ts';
import { unreadable } from './config-text.ts';

const NAMES = {
  'tracking.username': 'mlflow_tracking_username',
  'tracking.password': 'mlflow_tracking_password',
} as const satisfies Partial<Record<Key, string>>;

/** What mlflow keeps in `~/.mlflow/credentials`. */
export interface MlflowCredentials {
  readonly file: string;
  readonly values: ReadonlyMap<Key, string>;
}

/**
 * The options of section `[mlflow]`, names in lower case, by the rules of Python's configparser: only whole lines are
 * comments, so that a password may hold `;` and `#`.
 */
function optionsOf(content: string): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  let section = '';
  for (const line of content.split(/\r\n|\n|\r/)) {
    if (/^\s*([#;]|$)/.test(line)) continue;
    const header = /^\[([^\]]+)\]/.exec(line)?.[1];
    if (header !== undefined) section = header;
    const option = /^\s*([^=:\s[][^=:]*?)\s*[=:]\s*(.*?)\s*$/.exec(line);
    if (section === 'mlflow' && option) options.set((option[1] ?? '').toLowerCase(), option[2] ?? '');
  }
  return options;
}

/**
 * Section `[mlflow]` of `~/.mlflow/credentials`, as mlflow reads it; undefined when there is no such file.
 * @throws Failure misconfigured when the file is there and cannot be read
 * @see https://mlflow.org/docs/latest/ml/auth/ "Using credentials file"
 */
export async function readMlflowCredentials(home: string): Promise<MlflowCredentials | undefined> {
  const file = join(home, '.mlflow', 'credentials');
  let content: string;
  try {
    content = await readFile(file, 'utf8');
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw unreadable(file, undefined, code ?? 'it cannot be opened', error);
  }
  const options = optionsOf(content);
  const values = new Map<Key, string>();
  for (const [key, name] of Object.entries(NAMES) as [Key, string][]) {
    const value = options.get(name);
    if (value !== undefined && value !== '') values.set(key, value);
  }
  return { file, values };
}
