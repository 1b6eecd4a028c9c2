import { userInfo } from 'node:os';
import type { Config } from '../config/resolve.ts';
import type { PoolOptions, ServerOptions } from '../tracking/sql/servers/options.ts';
import type { Log } from './log.ts';
import { retryPolicy } from './server.ts';
import type { World } from './session.ts';

/** SQLAlchemy's own size of a pool. */
const CONNECTIONS = 5;

function poolOptions(config: Config): PoolOptions {
  const size = config.get('database.poolSize') ?? CONNECTIONS;
  const overflow = config.get('database.maxOverflow') ?? 0;
  return {
    keep: config.get('database.poolClass') === 'NullPool' ? 0 : size,
    // SQLAlchemy takes -1 for no limit.
    most: overflow < 0 ? Number.POSITIVE_INFINITY : size + overflow,
    recycleMs: config.get('database.poolRecycle') ?? Number.POSITIVE_INFINITY,
  };
}

/** A user id without an entry has no name. */
function osUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'postgres';
  }
}

function pick<T extends Readonly<Record<string, string | undefined>>>(
  all: T,
): { readonly [K in keyof T]?: string } {
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: string;
  };
}

/** How database servers are reached, by the settings. */
export function databaseOptions(config: Config, world: World, log: Log): ServerOptions {
  return {
    clock: world.clock,
    retry: retryPolicy(config),
    timeoutMs: config.get('http.timeout'),
    pool: poolOptions(config),
    ...pick({ caFile: config.get('net.caFile') }),
    mysql: pick({
      caFile: config.get('database.mysqlSslCa'),
      certFile: config.get('database.mysqlSslCert'),
      keyFile: config.get('database.mysqlSslKey'),
    }),
    postgres: pick({
      user: config.get('database.pgUser'),
      password: config.get('database.pgPassword'),
      sslMode: config.get('database.pgSslMode'),
      rootCertFile: config.get('database.pgSslRootCert'),
    }),
    osUser: osUser(),
    cwd: world.cwd,
    notify: (message) => log.warn(message),
    ...(config.get('database.echo') ? { echo: (sql: string) => log.notify(sql) } : {}),
  };
}
