import type { Config } from '../config/resolve.ts';
import { variableNames } from '../config/setting.ts';
import { declarationOf, KEYS } from '../config/settings/index.ts';
import { HIDDEN, redactUri } from '../core/redact.ts';

/** Shorter ones would be found in innocent words. */
const MIN_LENGTH = 4;

/**
 * A function that hides every secret in a text: what has the shape of one, and every value that a secret setting has or
 * would have, so that a message of a library cannot tell it either.
 */
export function hideSecrets(
  config: Config,
  env: Readonly<Record<string, string | undefined>>,
): (text: string) => string {
  const keys = KEYS.filter((key) => declarationOf(key).secret);
  const inForce = config
    .entries()
    .flatMap((entry) => ('resolved' in entry && keys.includes(entry.key) ? [entry.resolved.value] : []));
  const inVariables = keys.flatMap((key) => variableNames(declarationOf(key)).map((name) => env[name]));
  const secrets = [...new Set([...inForce, ...inVariables])]
    .filter((value): value is string => typeof value === 'string' && value.length >= MIN_LENGTH)
    .sort((a, b) => b.length - a.length);
  return (text) => redactUri(secrets.reduce((hidden, secret) => hidden.replaceAll(secret, HIDDEN), text));
}
