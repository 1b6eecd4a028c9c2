import type { Config } from '../../config/resolve.ts';

/** How long one answer is waited for at most, in ms: a check has 10 s, and the reason is worth more than the wait. */
const PATIENCE_MS = 8_000;

/**
 * The same settings for a look that must be over soon: no retry, and no long wait for an answer. What they say
 * of everything else holds.
 */
export function hasten(config: Config): Config {
  const get: Config['get'] = (key) => {
    const value = config.get(key);
    if (key === 'http.maxRetries') return 0 as typeof value;
    if (key === 'http.timeout' || key === 'artifacts.timeout')
      return Math.min(PATIENCE_MS, (value as number | undefined) ?? PATIENCE_MS) as typeof value;
    return value;
  };
  return { ...config, get };
}
