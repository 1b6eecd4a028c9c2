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
  const ini = await import('ini');
  const section: unknown = ini.parse(content)['mlflow'];
  const values = new Map<Key, string>();
  for (const [key, name] of Object.entries(NAMES) as [Key, string][]) {
    const value: unknown = (section as Readonly<Record<string, unknown>> | undefined)?.[name];
    if (typeof value === 'string' && value !== '') values.set(key, value);
  }
  return { file, values };
}
