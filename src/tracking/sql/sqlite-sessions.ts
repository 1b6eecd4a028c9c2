import type { Kysely } from 'kysely';
import type { Io } from '../../core/io.ts';
import { createMutex } from './mutex.ts';
import { sessionDialect } from './session-dialect.ts';
import type { CatalogColumn, Sessions } from './sessions.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import type { Tables } from './tables.ts';

/** Tables and views that are not SQLite's own. */
const CATALOG = `SELECT t.name AS table_name, c.name AS column_name
  FROM sqlite_master AS t JOIN pragma_table_xinfo(t.name) AS c
  WHERE t.type IN ('table', 'view') AND t.name NOT LIKE 'sqlite%'`;

/**
 * Transactions on one SQLite connection, one after another: an awaited transaction on a shared connection would swallow
 * the statements of others.
 */
export async function sqliteSessions(connection: SqliteConnection, label: string): Promise<Sessions> {
  const kysely = await import('kysely');
  const mutex = createMutex(label);
  let signal = new AbortController().signal;
  const db: Kysely<Tables> = new kysely.Kysely<Tables>({
    dialect: sessionDialect(
      {
        adapter: () => new kysely.SqliteAdapter(),
        compiler: () => new kysely.SqliteQueryCompiler(),
      },
      (sql, parameters) => connection.run(sql, parameters, signal),
    ),
  });

  const transaction = <T>(begin: string, io: Io, work: (db: Kysely<Tables>) => Promise<T>): Promise<T> =>
    mutex.run(io.signal, async () => {
      signal = io.signal;
      await connection.script(begin, signal);
      try {
        await connection.touch(signal);
        const result = await work(db);
        await connection.script('COMMIT', signal);
        return result;
      } catch (thrown) {
        connection.rollback();
        throw thrown;
      }
    });

  return {
    label,
    read: (io, work) => transaction('BEGIN', io, work),
    write: (io, work) => transaction('BEGIN IMMEDIATE', io, work),
    // The transaction keeps everybody else from writing.
    hold: (query) => query,
    writesAlone: true,
    deleteSome: 'rowid',
    catalog: async (any) => (await any.executeQuery<CatalogColumn>(kysely.CompiledQuery.raw(CATALOG))).rows,
    async close() {
      await mutex.run(new AbortController().signal, async () => connection.close());
    },
  };
}
