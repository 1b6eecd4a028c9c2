import ignore from 'ignore';
import { Failure } from '../../core/failure.ts';

/** Which names below a folder take part in a transfer; names are relative to that folder, with `/`. */
export interface Filter {
  /** Whether a file takes part. */
  takes(name: string): boolean;
  /** Whether a folder that holds nothing takes part. */
  takesFolder(name: string): boolean;
  /** Whether a folder is left out with everything below it, so that nobody need look into it. */
  prunes(name: string): boolean;
}

/** Patterns as gitignore writes them (https://git-scm.com/docs/gitignore), upper and lower case being different. */
export interface Patterns {
  /** With any, only what matches takes part. */
  readonly include: readonly string[];
  /** What matches takes no part, whatever `include` says; `!` takes back an earlier one. */
  readonly exclude: readonly string[];
}

/** Lets everything take part. */
export const TAKE_ALL: Filter = { takes: () => true, takesFolder: () => true, prunes: () => false };

/** @throws Failure usage: a pattern that would match nothing, being empty, a comment, or cut off */
export function createFilter({ include, exclude }: Patterns): Filter {
  for (const pattern of include) refuseVoid('--include', pattern);
  for (const pattern of exclude) refuseVoid('--exclude', pattern);
  if (include.length === 0 && exclude.length === 0) return TAKE_ALL;
  const wanted = include.length === 0 ? () => true : matcher(include);
  const unwanted = matcher(exclude);
  return {
    takes: (name) => !unwanted(name) && wanted(name),
    takesFolder: (name) => !unwanted(`${name}/`) && wanted(`${name}/`),
    prunes: (name) => unwanted(`${name}/`),
  };
}

/** How many answers a matcher may remember; it keeps each one for good. */
const MOST_ANSWERS = 10_000;

function matcher(patterns: readonly string[]): (name: string) => boolean {
  if (patterns.length === 0) return () => false;
  const create = (): ReturnType<typeof ignore> => ignore({ ignorecase: false }).add(patterns);
  let rules = create();
  let answers = 0;
  return (name) => {
    answers += 1;
    if (answers % MOST_ANSWERS === 0) rules = create();
    return rules.ignores(name);
  };
}

function refuseVoid(flag: string, pattern: string): void {
  const why = voidness(pattern);
  if (why === undefined) return;
  throw new Failure({
    kind: 'usage',
    message: `${flag} ${JSON.stringify(pattern)} matches nothing: ${why}`,
    hint: 'give a pattern by gitignore rules, such as *.tmp, logs/ or /top.txt',
    subject: flag,
  });
}

function voidness(pattern: string): string | undefined {
  if (/^!?[\s/]*$/.test(pattern)) return 'it is empty';
  if (pattern.startsWith('#')) return String.raw`it is a comment; a name that begins with # is written \#`;
  const slashes = /\\+$/.exec(pattern)?.[0].length ?? 0;
  return slashes % 2 === 1 ? 'it ends in the middle of an escape' : undefined;
}
