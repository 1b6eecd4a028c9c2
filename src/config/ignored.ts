import { refusal } from './candidates.ts';
import { didYouMean } from './did-you-mean.ts';
import { variableNames } from './setting.ts';
import { declarationOf, isKey, KEYS } from './settings/index.ts';
import type { ConfigFile } from './sources/files.ts';

/** Something that was written as a setting and has no effect. Its value is never told. */
export interface IgnoredSetting {
  /** `project-file`: not allowed there; `any-file`: not in files at all; `unknown`: no such setting or variable. */
  readonly reason: 'project-file' | 'any-file' | 'unknown';
  /** The key, dotted, with its profile; or the name of a variable. */
  readonly name: string;
  readonly file?: string;
  readonly line?: number;
  /** For `unknown`: what was probably meant. */
  readonly suggestion?: string;
  /** One sentence without a final full stop. */
  readonly message: string;
}

const OWN_VARIABLE = /^MLSTOW_/;

function unknown(
  name: string,
  candidates: readonly string[],
  key = name,
): Omit<IgnoredSetting, 'file' | 'line'> {
  const suggestion = didYouMean(key, candidates);
  const hint = suggestion === undefined ? '' : `; did you mean ${suggestion}?`;
  return {
    reason: 'unknown',
    name,
    message: `${name} is not a setting${hint}`,
    ...(suggestion === undefined ? {} : { suggestion }),
  };
}

function judge(
  key: string,
  name: string,
  project: boolean,
): Omit<IgnoredSetting, 'file' | 'line'> | undefined {
  if (!isKey(key)) return unknown(name, KEYS, key);
  const reason = refusal(key, project);
  if (reason === undefined) return undefined;
  const [variable] = variableNames(declarationOf(key));
  const ways = [declarationOf(key).flag, variable, reason === 'any-file' ? undefined : 'your own file'];
  const instead = ways.filter((way) => way !== undefined).join(' or ');
  const where = reason === 'any-file' ? 'a file' : 'a project file';
  return { reason, name, message: `${name} cannot be set in ${where}: use ${instead}` };
}

function inFile({ file, project, text }: ConfigFile): readonly IgnoredSetting[] {
  const groups = [
    { prefix: '', written: text.top },
    ...[...text.profiles].map(([name, written]) => ({ prefix: `profiles.${name}.`, written })),
  ];
  return groups.flatMap(({ prefix, written }) =>
    written.flatMap(({ key, line }) => {
      const verdict = judge(key, prefix + key, project);
      return verdict ? [{ ...verdict, file, line }] : [];
    }),
  );
}

/** Everything in files and among our own variables that has no effect, and why. */
export function collectIgnored(
  files: readonly ConfigFile[],
  env: Readonly<Record<string, string | undefined>>,
): readonly IgnoredSetting[] {
  const known = KEYS.flatMap((key) => variableNames(declarationOf(key)));
  const own = known.filter((name) => OWN_VARIABLE.test(name));
  const strangers = Object.keys(env).filter((name) => OWN_VARIABLE.test(name) && !own.includes(name));
  return [...files.flatMap(inFile), ...strangers.map((name) => unknown(name, own))];
}
