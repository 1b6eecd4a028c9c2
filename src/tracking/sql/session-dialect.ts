import type {
  CompiledQuery,
  DatabaseConnection,
  Dialect,
  DialectAdapter,
  Driver,
  QueryCompiler,
  QueryResult,
} from 'kysely';

/** What a statement gave. */
export interface StatementResult {
  readonly rows: readonly Record<string, unknown>[];
  /** Rows inserted, changed or deleted. */
  readonly changes: number;
}

/** Runs one compiled statement on the connection of the current session. */
export type RunStatement = (sql: string, parameters: readonly unknown[]) => Promise<StatementResult>;

/** kysely's parts for one database, made by the caller because kysely is loaded lazily. */
export interface DialectParts {
  readonly adapter: () => DialectAdapter;
  readonly compiler: () => QueryCompiler;
}

function connectionOf(run: RunStatement): DatabaseConnection {
  return {
    async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
      const { rows, changes } = await run(query.sql, query.parameters);
      return { rows: rows as R[], numAffectedRows: BigInt(changes) };
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

function ownCatalog(): never {
  throw new Error('the catalog is read by the session');
}

/** A dialect whose statements run where the session says; the session owns connection and transactions. */
export function sessionDialect(parts: DialectParts, run: RunStatement): Dialect {
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
    createAdapter: parts.adapter,
    createDriver: () => driver,
    createIntrospector: ownCatalog,
    createQueryCompiler: parts.compiler,
  };
}
