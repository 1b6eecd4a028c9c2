import { onTestFinished } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import { openSqlStore, type SqlStoreOptions } from '../../src/tracking/sql/open.ts';
import type { ServerOptions } from '../../src/tracking/sql/servers/options.ts';
import type { TrackingStore } from '../../src/tracking/store.ts';
import { startMariadb } from '../testbeds/mariadb.ts';
import { startPostgres } from '../testbeds/postgres.ts';
import { migrate } from '../testbeds/sql-python.ts';

/** A database server as tests use it. */
export interface DatabaseServer {
  readonly port: number;
  sql(statements: string, database?: string): Promise<string>;
  database(): Promise<string>;
  uri(database: string, query?: string): string;
  stop(): Promise<void>;
}

/** The servers that run here, by name. */
export const SERVERS: readonly (readonly [string, () => Promise<DatabaseServer>])[] = [
  ['PostgreSQL', () => startPostgres()],
  ['MariaDB', () => startMariadb()],
];

/** A database with the tables of the stock MLflow. */
export async function mlflowDatabase(server: DatabaseServer): Promise<string> {
  const name = await server.database();
  await migrate(server.uri(name));
  return name;
}

/** How tests reach servers: two retries at once, no waits. */
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

/** Opens a store that is closed after the test. */
export async function openOn(
  uri: string,
  cwd: string,
  options: Partial<SqlStoreOptions> = {},
  server: Partial<ServerOptions> = {},
): Promise<TrackingStore> {
  const store = await openSqlStore({
    uri,
    intent: 'write',
    cwd,
    clock: systemClock,
    notify: () => undefined,
    server: () => serverOptions(server),
    ...options,
  });
  onTestFinished(() => store.close());
  return store;
}
