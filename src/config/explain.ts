import { Failure } from '../core/failure.ts';
import { didYouMean } from './did-you-mean.ts';
import { describeOrigin } from './origin.ts';
import type { Config, Entry } from './resolve.ts';
import { variableNames } from './setting.ts';
import { declarationOf, isKey, KEYS, type Key } from './settings/index.ts';

/** A setting as `config list` and `config get` tell it. */
export interface ConfigRow {
  readonly key: Key;
  /** Redacted; absent when unset or malformed. */
  readonly value?: string;
  /** In words. */
  readonly origin?: string;
  /** In words and redacted, in order of precedence. */
  readonly shadowed: readonly { readonly origin: string; readonly value: string }[];
  /** Why the value cannot be used. */
  readonly problem?: string;
  readonly secret: boolean;
}

function rowOf(entry: Entry): ConfigRow {
  const { key } = entry;
  const secret = declarationOf(key).secret === true;
  if ('failure' in entry) return { key, problem: entry.failure.message, shadowed: [], secret };
  const { value, display, origin, shadowed } = entry.resolved;
  return {
    key,
    ...(value === undefined ? {} : { value: display }),
    origin: value === undefined ? 'unset' : describeOrigin(origin),
    shadowed: shadowed.map((lost) => ({ origin: describeOrigin(lost.origin), value: lost.display })),
    secret,
  };
}

/** Every setting, set or not, in the order of the reference page. Nothing is thrown: a malformed value is a `problem`. */
export function explainAll(config: Config): readonly ConfigRow[] {
  return config.entries().map(rowOf);
}

/**
 * The key that a person means: a key, or the name of a variable or flag of one.
 * @throws Failure usage when there is none, with the nearest one as hint
 */
export function findKey(name: string): Key {
  if (isKey(name)) return name;
  const isNamed = (key: Key) => {
    const declaration = declarationOf(key);
    return variableNames(declaration).includes(name) || declaration.flag === name;
  };
  const found = KEYS.find(isNamed);
  if (found) return found;
  const near = didYouMean(name, KEYS);
  throw new Failure({
    kind: 'usage',
    message: `there is no setting ${JSON.stringify(name)}`,
    subject: name,
    hint: near === undefined ? 'mlstow config list shows all of them' : `did you mean ${near}?`,
  });
}

/**
 * One setting.
 * @throws Failure usage for an unknown name; as `Config.get` when its value is malformed
 */
export function explainOne(config: Config, name: string): ConfigRow {
  const key = findKey(name);
  return rowOf({ key, resolved: config.resolved(key) });
}
