import { Failure } from '../../../core/failure.ts';
import type { Tags } from '../../../tracking/entities.ts';

function usage(message: string, flag: string, hint: string): Failure {
  return new Failure({ kind: 'usage', message, subject: flag, hint });
}

/** Reads repeated `key=value` flags; the value may hold more equals signs. @throws Failure usage */
export function readTags(given: readonly string[], flag: string): Tags {
  const tags = new Map<string, string>();
  for (const tag of given) {
    const at = tag.indexOf('=');
    if (at < 1) throw usage(`${flag} ${tag} is not of the form key=value`, flag, `write ${flag} key=value`);
    const key = tag.slice(0, at);
    if (tags.has(key)) throw usage(`${flag} names the key ${key} twice`, flag, 'give each key once');
    tags.set(key, tag.slice(at + 1));
  }
  return Object.fromEntries(tags);
}
