import { readFile } from 'node:fs/promises';
import { Failure } from '../core/failure.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** One statement at the start of what is left, by the grammar of python-dotenv, which mlflow uses. */
const STATEMENT = new RegExp(
  [
    String.raw`(?:export[^\S\n]+)?`,
    String.raw`(?:'(?<quotedKey>[^']+)'|(?<key>[^=#\s]+))[^\S\n]*`,
    String.raw`(?:(?<equals>=)[^\S\n]*(?:'(?<single>(?:\\'|[^'])*)'|"(?<double>(?:\\"|[^"])*)"|(?<bare>(?!['"])[^\n]*)))?`,
    String.raw`(?:[^\S\n]*#[^\n]*)?[^\S\n]*(?:\n|$)`,
  ].join(''),
  'y',
);
const BLANK_OR_COMMENT = /\s*(?:#[^\n]*(?:\n|$)\s*)*/y;
const ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};
const REFERENCE = /\$\{(?<name>[^}:]*)(?::-(?<fallback>[^}]*))?\}/g;

function valueOf(groups: Readonly<Record<string, string | undefined>>): string | undefined {
  const { equals, single, double, bare } = groups;
  if (equals === undefined) return undefined;
  if (single !== undefined) return single.replace(/\\([\\'])/g, '$1');
  if (double !== undefined) {
    return double.replace(/\\([\\'"abfnrtv])/g, (_whole, code: string) => ESCAPES[code] ?? code);
  }
  return (bare ?? '').replace(/\s+#.*/, '').trimEnd();
}

function statements(path: string, content: string): readonly (readonly [name: string, value: string])[] {
  const found: [string, string][] = [];
  for (let at = 0; ; at = STATEMENT.lastIndex) {
    BLANK_OR_COMMENT.lastIndex = at;
    BLANK_OR_COMMENT.exec(content);
    if (BLANK_OR_COMMENT.lastIndex >= content.length) return found;
    STATEMENT.lastIndex = BLANK_OR_COMMENT.lastIndex;
    const groups = STATEMENT.exec(content)?.groups;
    if (!groups) {
      const line = content.slice(0, BLANK_OR_COMMENT.lastIndex).split('\n').length;
      throw new Failure({
        kind: 'misconfigured',
        message: `cannot read ${path}:${line}: it is not NAME=value`,
        subject: `${path}:${line}`,
        hint: 'write one NAME=value per line; put a value with spaces or # in quotes',
      });
    }
    const value = valueOf(groups);
    if (value !== undefined) found.push([groups['quotedKey'] ?? groups['key'] ?? '', value]);
  }
}

async function contentOf(path: string): Promise<string> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const absent = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw new Failure(
      {
        kind: 'usage',
        message: absent
          ? `the environment file ${path} does not exist`
          : `cannot read the environment file ${path}`,
        subject: path,
        hint: 'give --env-file the path of a readable file with NAME=value lines',
      },
      error,
    );
  }
}

/**
 * The environment with a file's variables added: those that `env` has already win, empty ones too, as mlflow's
 * `--env-file` does it (python-dotenv, `override=False`): quotes, `export`, comments, and `${NAME}` and `${NAME:-default}`
 * everywhere. A line that is no statement is an error; python-dotenv warns and goes on.
 * @throws Failure usage when the file cannot be read, misconfigured with its line when it is malformed
 * @see https://github.com/theskumar/python-dotenv#file-format
 */
export async function readEnvFile(path: string, env: Environment): Promise<Environment> {
  const content = (await contentOf(path)).replace(/^\uFEFF/, '').replace(/\r\n?/g, '\n');
  const added = new Map<string, string>();
  for (const [name, value] of statements(path, content)) {
    const expand = (_whole: string, wanted: string, fallback: string | undefined) =>
      env[wanted] ?? added.get(wanted) ?? fallback ?? '';
    added.set(name, value.replace(REFERENCE, expand));
  }
  return { ...Object.fromEntries(added), ...definedOnly(env) };
}

function definedOnly(env: Environment): Environment {
  return Object.fromEntries(Object.entries(env).filter(([, value]) => value !== undefined));
}
