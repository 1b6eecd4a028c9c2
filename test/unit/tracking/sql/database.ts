import { DatabaseSync } from '@photostructure/sqlite';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../../../src/core/clock.ts';
import { Failure } from '../../../../src/core/failure.ts';
import type { Io } from '../../../../src/core/io.ts';
import type { SqlStoreOptions } from '../../../../src/tracking/sql/open.ts';
import { openSqlStore } from '../../../../src/tracking/sql/open.ts';
import type { TrackingStore } from '../../../../src/tracking/store.ts';

export const io: Io = { signal: new AbortController().signal };

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'mlstow-tracking-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Opens a store that is closed after the test. */
export async function open(
  cwd: string,
  options: Partial<SqlStoreOptions> = {},
): Promise<TrackingStore & { readonly notes: readonly string[] }> {
  const notes: string[] = [];
  const store = await openSqlStore({
    uri: 'sqlite:///mlflow.db',
    intent: 'create',
    cwd,
    clock: systemClock,
    notify: (message) => notes.push(message),
    ...options,
  });
  onTestFinished(() => store.close());
  return { ...store, notes };
}

/** A database of MLflow that holds the experiment Default alone, as shared cases use it. */
export interface TestDatabase {
  /** Where relative paths start. */
  readonly cwd: string;
  open(options?: Partial<SqlStoreOptions>): Promise<TrackingStore & { readonly notes: readonly string[] }>;
  /** Runs SQL behind the store's back, in words that every database knows. */
  tamper(...statements: readonly string[]): Promise<void>;
  /** Rows read behind the store's back. */
  rows(sql: string): Promise<Record<string, unknown>[]>;
}
export type CreateDatabase = () => Promise<TestDatabase>;

/** A new database of SQLite. */
export async function createSqlite(): Promise<TestDatabase> {
  const cwd = await temporaryFolder();
  const path = join(cwd, 'mlflow.db');
  return {
    cwd,
    open: (options) => open(cwd, options),
    tamper: async (...statements) => tamper(path, ...statements),
    rows: async (sql) => rows(path, sql),
  };
}

/** Runs SQL on the file behind the store's back. */
export function tamper(path: string, ...statements: readonly string[]): void {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  try {
    for (const statement of statements) database.exec(statement);
  } finally {
    database.close();
  }
}

/** Rows of the file, read behind the store's back. */
export function rows(path: string, sql: string): Record<string, unknown>[] {
  const database = new DatabaseSync(path, { timeout: 5_000 });
  try {
    return database.prepare(sql).all() as Record<string, unknown>[];
  } finally {
    database.close();
  }
}

/** The Failure that a promise ends with. */
export async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  try {
    await promise;
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
  throw new Error('expected a Failure');
}

/** Everything that an iteration yields. */
export async function collect<T>(pages: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}
