import type { Clock } from '../../core/clock.ts';
import type { Io } from '../../core/io.ts';
import { connectSqlite, DEFAULT_PATIENCE_MS } from './sqlite-connection.ts';

/**
 * Runs work while this process alone holds a side file, made when absent and locked through the SQLite driver, so that
 * the lock ends with its process. Waits up to 20 s for another holder. The file stays, empty.
 * @throws Failure unavailable when another process kept it, denied, cancelled; whatever the work throws
 */
export async function withExclusiveLock<T>(
  path: string,
  lock: { readonly clock: Clock; readonly io: Io; readonly subject: string },
  work: () => Promise<T>,
): Promise<T> {
  const { clock, io, subject } = lock;
  const waiting = { clock, patienceMs: DEFAULT_PATIENCE_MS };
  const connection = await connectSqlite(path, 'rwc', waiting, subject);
  try {
    await connection.script('BEGIN EXCLUSIVE', io.signal);
    return await work();
  } finally {
    connection.rollback();
    connection.close();
  }
}
