import { PostgresAdapter, PostgresQueryCompiler } from 'kysely';
import type { DatabaseUri } from '../servers/database-uri.ts';
import type { ServerOptions } from '../servers/options.ts';
import type { Vendor } from '../servers/vendor.ts';
import { sessionDialect } from '../session-dialect.ts';
import { connectPostgres } from './postgres-connection.ts';
import { postgresFailure } from './postgres-failures.ts';
import { postgresTarget } from './postgres-target.ts';

/** What the search path reaches; information_schema would hide what this user may not read. */
const CATALOG = `SELECT c.relname AS table_name, a.attname AS column_name
  FROM pg_catalog.pg_class c
  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
  JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid
  WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f') AND a.attnum > 0 AND NOT a.attisdropped
    AND n.nspname NOT LIKE 'pg\\_%' AND n.nspname <> 'information_schema'
    AND pg_catalog.pg_table_is_visible(c.oid)`;

/** PostgreSQL 12 and later. @throws Failure misconfigured */
export function postgresVendor(uri: DatabaseUri, options: ServerOptions): Vendor {
  const target = postgresTarget(uri, options);
  return {
    connect: (signal) => connectPostgres(target, options.caFile, signal),
    dialect: (run) =>
      sessionDialect(
        { adapter: () => new PostgresAdapter(), compiler: () => new PostgresQueryCompiler() },
        run,
      ),
    beginRead: ['BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'],
    beginWrite: ['BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE'],
    commit: 'COMMIT',
    rollback: 'ROLLBACK',
    catalog: CATALOG,
    hold: { share: 'FOR SHARE', own: 'FOR NO KEY UPDATE' },
    deleteSome: 'ctid',
    clock: 'SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now',
    lock: (name) =>
      `SELECT CASE WHEN pg_try_advisory_lock(hashtextextended('${name}', 0)) THEN 1 ELSE 0 END AS taken`,
    failure: (thrown) => postgresFailure(thrown, target),
  };
}
