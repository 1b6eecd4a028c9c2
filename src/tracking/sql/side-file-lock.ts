import { rm } from 'node:fs/promises';
import type { Clock } from '../../core/clock.ts';
import { Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import type { Lock, LockAsk } from '../collect.ts';
import { connectSqlite, type SqliteConnection } from './sqlite-connection.ts';

interface Held {
  readonly connection: SqliteConnection;
  readonly path: string;
}

/** Undefined when somebody else has it. */
async function take(path: string, mode: 'all' | 'share', clock: Clock, io: Io): Promise<Held | undefined> {
  const connection = await connectSqlite(path, 'rwc', { clock, patienceMs: 0 }, path);
  try {
    await connection.script(mode === 'all' ? 'BEGIN EXCLUSIVE' : 'BEGIN', io.signal);
    if (mode === 'share') await connection.touch(io.signal);
    return { connection, path };
  } catch (thrown) {
    connection.close();
    if (thrown instanceof Failure && thrown.kind === 'unavailable') return undefined;
    throw thrown;
  }
}

function release({ connection }: Held): void {
  connection.rollback();
  connection.close();
}

/**
 * A lock on a file beside the records, taken through the SQLite driver, so that it ends with its process. The file stays,
 * empty; that of a shard is removed.
 * @returns undefined when another process has it. @throws Failure denied, cancelled
 */
export async function lockSideFile(
  path: string,
  ask: LockAsk,
  clock: Clock,
  io: Io,
): Promise<Lock | undefined> {
  if (ask.kind === 'exclusive') {
    const held = await take(path, 'all', clock, io);
    return held && { release: async () => release(held) };
  }
  const shared = await take(path, 'share', clock, io);
  if (!shared) return undefined;
  const own = await take(`${path}-${ask.plan}-${ask.shard}`, 'all', clock, io).catch((thrown: unknown) => {
    release(shared);
    throw thrown;
  });
  if (!own) {
    release(shared);
    return undefined;
  }
  return {
    release: async () => {
      await rm(own.path, { force: true });
      release(own);
      release(shared);
    },
  };
}
