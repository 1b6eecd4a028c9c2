import type * as kyselys from 'kysely';
import type { Kysely } from 'kysely';
import { setMaxListeners } from 'node:events';
import { Failure } from '../../../core/failure.ts';
import { cleanupIo, type Io } from '../../../core/io.ts';
import { withRetry } from '../../../core/retry.ts';
import type { CatalogColumn, Sessions } from '../sessions.ts';
import type { Tables } from '../tables.ts';
import { exchange } from './exchange.ts';
import type { ServerOptions } from './options.ts';
import { createPool, type Pooled } from './pool.ts';
import type { Vendor, VendorConnection } from './vendor.ts';

/** A connection with the builder whose statements run on it. */
interface Line extends Pooled {
  readonly connection: VendorConnection;
  readonly db: Kysely<Tables>;
  /** The signal of the transaction that has it now. */
  signal: AbortSignal;
}

interface Session {
  readonly vendor: Vendor;
  readonly options: ServerOptions;
  readonly label: string;
}

function run({ vendor, options, label }: Session, line: Line, sql: string, parameters: readonly unknown[]) {
  options.echo?.(sql);
  const bounds = { signal: line.signal, timeoutMs: options.timeoutMs, label };
  return exchange(line.connection, { sql, parameters }, bounds).catch((thrown: unknown) => {
    throw vendor.failure(thrown);
  });
}

async function openLine(session: Session, kysely: typeof kyselys, signal: AbortSignal): Promise<Line> {
  const { vendor } = session;
  const connection = await vendor.connect(signal).catch((thrown: unknown) => {
    throw vendor.failure(thrown);
  });
  const line: Line = {
    connection,
    signal,
    db: new kysely.Kysely<Tables>({
      dialect: vendor.dialect((sql, parameters) => run(session, line, sql, parameters)),
    }),
    isLost: () => connection.isLost(),
    destroy: () => connection.destroy(),
    close: () => connection.close(),
  };
  return line;
}

/** Ends what a failed transaction left: a rollback where the connection still answers, else the connection. */
async function abandon(session: Session, line: Line, io: Io): Promise<void> {
  if (line.isLost()) return;
  line.signal = cleanupIo(io).signal;
  await run(session, line, session.vendor.rollback, []).catch(() => line.destroy());
}

/** A commit whose answer never came may have happened. */
function ofCommit(thrown: unknown, line: Line): unknown {
  return thrown instanceof Failure && line.isLost() ? thrown.with({ effect: 'unknown' }) : thrown;
}

async function transact<T>(
  session: Session,
  line: Line,
  kind: 'read' | 'write',
  work: (db: Kysely<Tables>) => Promise<T>,
): Promise<T> {
  const { beginRead, beginWrite, commit } = session.vendor;
  for (const statement of kind === 'read' ? beginRead : beginWrite) await run(session, line, statement, []);
  const result = await work(line.db);
  await run(session, line, commit, []).catch((thrown: unknown) => {
    throw kind === 'write' ? ofCommit(thrown, line) : thrown;
  });
  return result;
}

/** Transactions on a few connections to a database server, opened on demand. */
export async function serverSessions(
  vendor: Vendor,
  options: ServerOptions,
  label: string,
): Promise<Sessions> {
  const kysely = await import('kysely');
  const session: Session = { vendor, options, label };
  const now = (): number => options.clock.now();
  const pool = createPool<Line>((signal) => openLine(session, kysely, signal), options.pool, now, label);

  const attempt = async <T>(kind: 'read' | 'write', io: Io, work: (db: Kysely<Tables>) => Promise<T>) => {
    // Any number of transactions may run on one signal; Node would warn of a leak.
    setMaxListeners(0, io.signal);
    const line = await pool.acquire(io.signal);
    line.signal = io.signal;
    try {
      return await transact(session, line, kind, work);
    } catch (thrown) {
      await abandon(session, line, io);
      throw thrown;
    } finally {
      pool.release(line);
    }
  };
  const repeated = <T>(kind: 'read' | 'write', io: Io, work: (db: Kysely<Tables>) => Promise<T>) =>
    withRetry(
      options.retry,
      { subject: label, repeatable: kind === 'read', run: () => attempt(kind, io, work) },
      options.clock,
      io,
    );

  return {
    label,
    read: (io, work) => repeated('read', io, work),
    write: (io, work) => repeated('write', io, work),
    hold: (query, mode) => {
      const clause = vendor.hold[mode];
      return clause === '' ? query : query.modifyEnd(kysely.sql.raw(clause));
    },
    writesAlone: false,
    deleteSome: vendor.deleteSome,
    clock: vendor.clock,
    catalog: async (db) =>
      (await db.executeQuery<CatalogColumn>(kysely.CompiledQuery.raw(vendor.catalog))).rows,
    close: () => pool.close(),
  };
}
