import type {
  CompiledQuery,
  DatabaseConnection,
  DatabaseIntrospector,
  Dialect,
  DialectAdapter,
  Driver,
  Kysely,
  QueryCompiler,
  QueryResult,
} from 'kysely';
import type { StatementResult } from './sqlite-connection.ts';

/** Runs one compiled statement on the connection of the current session. */
export type RunStatement = (sql: string, parameters: readonly unknown[]) => Promise<StatementResult>;

/** kysely's classes for SQLite, passed in because kysely is loaded lazily. */
export interface SqliteParts {
  readonly SqliteAdapter: new () => DialectAdapter;
  readonly SqliteIntrospector: new (db: Kysely<unknown>) => DatabaseIntrospector;
  readonly SqliteQueryCompiler: new () => QueryCompiler;
}

function connectionOf(run: RunStatement): DatabaseConnection {
  return {
    async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
      const { rows, changes, insertId } = await run(query.sql, query.parameters);
      return { rows: rows as R[], numAffectedRows: BigInt(changes), insertId: BigInt(insertId) };
    },
    async *streamQuery<R>(query: CompiledQuery): AsyncIterableIterator<QueryResult<R>> {
      const { rows } = await run(query.sql, query.parameters);
      yield { rows: rows as R[] };
    },
  };
}

function ownTransactions(): Promise<void> {
  return Promise.reject(new Error('transactions belong to the session'));
}

/** A dialect whose statements run where the session says; the session owns connection and transactions. */
export function sqliteDialect(parts: SqliteParts, run: RunStatement): Dialect {
  const connection = connectionOf(run);
  const driver: Driver = {
    init: () => Promise.resolve(),
    acquireConnection: () => Promise.resolve(connection),
    beginTransaction: ownTransactions,
    commitTransaction: ownTransactions,
    rollbackTransaction: ownTransactions,
    releaseConnection: () => Promise.resolve(),
    destroy: () => Promise.resolve(),
  };
  return {
    createAdapter: () => new parts.SqliteAdapter(),
    createDriver: () => driver,
    createIntrospector: (db: Kysely<unknown>) => new parts.SqliteIntrospector(db),
    createQueryCompiler: () => new parts.SqliteQueryCompiler(),
  };
}
