import type { Kysely } from 'kysely';
import type { Io } from '../../core/io.ts';
import { createMutex } from './mutex.ts';
import type { Sessions } from './sessions.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { sqliteDialect } from './sqlite-dialect.ts';
import type { Tables } from './tables.ts';

/**
 * Transactions on one SQLite connection, one after another: an awaited transaction on a shared connection would swallow
 * the statements of others.
 */
export async function sqliteSessions(connection: SqliteConnection, label: string): Promise<Sessions> {
  const kysely = await import('kysely');
  const mutex = createMutex(label);
  let signal = new AbortController().signal;
  const db: Kysely<Tables> = new kysely.Kysely<Tables>({
    dialect: sqliteDialect(kysely, (sql, parameters) => connection.run(sql, parameters, signal)),
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
    async close() {
      await mutex.run(new AbortController().signal, async () => connection.close());
    },
  };
}
