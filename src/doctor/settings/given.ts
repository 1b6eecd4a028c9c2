import type { Config, Resolved } from '../../config/resolve.ts';
import type { Key, ValueOf } from '../../config/settings/index.ts';
import { Failure } from '../../core/failure.ts';

type Given<K extends Key> = Resolved<Exclude<ValueOf<K>, undefined>>;

/** What somebody set, well-formed; undefined for an unset, a malformed or a default value. */
export function given<K extends Key>(config: Config, key: K): Given<K> | undefined {
  try {
    const resolved = config.resolved(key);
    return resolved.value === undefined || resolved.origin.from === 'default'
      ? undefined
      : (resolved as Given<K>);
  } catch (thrown) {
    if (thrown instanceof Failure) return undefined;
    throw thrown;
  }
}

/** Why a setting's value cannot be read; undefined when it can. */
export function problemOf(config: Config, key: Key): Failure | undefined {
  try {
    config.resolved(key);
    return undefined;
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
}
