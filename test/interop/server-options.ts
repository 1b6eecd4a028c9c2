import { systemClock } from '../../src/core/clock.ts';
import type { ServerOptions } from '../../src/tracking/sql/servers/options.ts';

/** How tests reach servers: a few retries, soon. */
export function serverOptions(options: Partial<ServerOptions> = {}): ServerOptions {
  return {
    clock: systemClock,
    retry: { maxRetries: 5, backoffMs: 10, jitterMs: 10, maxWaitMs: 200, respectRetryAfter: true },
    timeoutMs: 60_000,
    pool: { keep: 5, most: 5, recycleMs: Number.POSITIVE_INFINITY },
    mysql: {},
    postgres: {},
    osUser: 'tester',
    cwd: '/',
    notify: () => undefined,
    ...options,
  };
}
