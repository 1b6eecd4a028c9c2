import type { DatabaseSyncInstance, StatementSyncInstance } from '@photostructure/sqlite';
import { pathToFileURL } from 'node:url';
import type { Clock } from '../../core/clock.ts';
import { stopped } from './mutex.ts';
import type { StatementResult } from './session-dialect.ts';
import { isBusy, resultCode, sqliteFailure } from './sqlite-failures.ts';

/** How long the driver may block the event loop for a lock, in ms; the rest of the patience is spent asleep. */
const BLOCKING_MS = 10;
/** How long we wait for other writers in all, in ms: MLflow's own busy time-out. */
export const DEFAULT_PATIENCE_MS = 20_000;
const TOUCH = 'SELECT 1 FROM sqlite_master LIMIT 1';
const KEPT_STATEMENTS = 100;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 100;

/** How a statement waits for locks. */
export interface Waiting {
  readonly clock: Clock;
  readonly patienceMs: number;
}

/** One connection to one file. Not for concurrent use. */
export interface SqliteConnection {
  /** @throws Failure unavailable when the lock outlasts the patience; cancelled; see `sqliteFailure` */
  run(sql: string, parameters: readonly unknown[], signal: AbortSignal): Promise<StatementResult>;
  /** Runs statements without parameters or rows. */
  script(sql: string, signal: AbortSignal): Promise<void>;
  /** Takes the lock that reading needs, so that no later statement of the transaction waits. */
  touch(signal: AbortSignal): Promise<void>;
  /** Ends a transaction if one is open: some errors have ended it already. */
  rollback(): void;
  close(): void;
}

/** In place: a large read has hundreds of thousands of rows. */
function withNumbers(row: Record<string, unknown>): Record<string, unknown> {
  for (const key in row) if (typeof row[key] === 'bigint') row[key] = Number(row[key]);
  return row;
}

/** The driver frees a statement only when it is garbage, so each is prepared once and kept. */
function statementCache(database: DatabaseSyncInstance): (sql: string) => StatementSyncInstance {
  const cached = new Map<string, StatementSyncInstance>();
  return (sql) => {
    const statement = cached.get(sql) ?? database.prepare(sql);
    cached.delete(sql);
    cached.set(sql, statement);
    const [oldest] = cached.keys();
    if (cached.size > KEPT_STATEMENTS && oldest !== undefined) cached.delete(oldest);
    return statement;
  };
}

/** `all` tells no result code when it fails; `run` of the same statement does. */
function readAll(
  statement: StatementSyncInstance,
  parameters: readonly unknown[],
): Record<string, unknown>[] {
  try {
    return statement.all(...parameters) as Record<string, unknown>[];
  } catch (thrown) {
    if (resultCode(thrown) === undefined) statement.run(...parameters);
    throw thrown;
  }
}

/** Integers are read as bigint first: a step beyond 2^53 must not make its whole run unreadable. */
function execute(statement: StatementSyncInstance, parameters: readonly unknown[]): StatementResult {
  if (statement.columns().length === 0) {
    return { rows: [], changes: statement.run(...parameters).changes };
  }
  statement.setReadBigInts(true);
  return { rows: readAll(statement, parameters).map(withNumbers), changes: 0 };
}

async function patiently<T>(
  attempt: () => T,
  waiting: Waiting,
  subject: string,
  signal: AbortSignal,
): Promise<T> {
  const deadline = waiting.clock.now() + waiting.patienceMs;
  for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS)) {
    if (signal.aborted) throw stopped(signal, subject);
    try {
      return attempt();
    } catch (thrown) {
      if (!isBusy(thrown) || waiting.clock.now() >= deadline) throw sqliteFailure(thrown, subject);
    }
    await waiting.clock.sleep(pauseMs * (0.5 + Math.random() / 2), signal).catch(() => {
      throw stopped(signal, subject);
    });
  }
}

/**
 * Moves the write-ahead log, if any, into the database: the driver's close may leave it behind, and a copy of the file
 * alone must hold everything. Another user of the database makes this a matter for later.
 */
function leaveWhole(database: DatabaseSyncInstance): void {
  try {
    database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
  } catch (thrown) {
    if (resultCode(thrown) === undefined) throw thrown;
  }
}

/**
 * Opens a file. Session settings are MLflow's (mlflow/store/db/utils.py: foreign keys, case-sensitive LIKE); the
 * journal mode stays as found.
 * @throws Failure denied when the file is absent (unless `mode` is `rwc`) or may not be opened, corrupt
 */
export async function connectSqlite(
  path: string,
  mode: 'ro' | 'rw' | 'rwc',
  waiting: Waiting,
  subject: string,
): Promise<SqliteConnection> {
  const driver = await import('@photostructure/sqlite');
  const url = `${pathToFileURL(path).href}?mode=${mode}`;
  let database: DatabaseSyncInstance;
  try {
    database = new driver.DatabaseSync(url, { timeout: BLOCKING_MS, enableForeignKeyConstraints: true });
    database.exec('PRAGMA case_sensitive_like = true');
  } catch (thrown) {
    throw sqliteFailure(thrown, subject);
  }
  const prepared = statementCache(database);
  return {
    run: (sql, parameters, signal) =>
      patiently(() => execute(prepared(sql), parameters), waiting, subject, signal),
    touch: (signal) => patiently(() => void prepared(TOUCH).run(), waiting, subject, signal),
    script: (sql, signal) => patiently(() => database.exec(sql), waiting, subject, signal),
    rollback() {
      if (database.isTransaction) database.exec('ROLLBACK');
    },
    close() {
      if (!database.isOpen) return;
      if (mode !== 'ro') leaveWhole(database);
      database.close();
    },
  };
}
