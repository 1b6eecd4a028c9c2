import type { StatementSyncInstance } from '@photostructure/sqlite';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

type Value = string | number | null;
type Row = Readonly<Record<string, Value>>;

/** A database of this process alone, gone with it: what does not fit into memory is sorted and looked up here. */
export interface Scratch {
  run(sql: string, ...values: readonly Value[]): void;
  all(sql: string, ...values: readonly Value[]): readonly Row[];
  first(sql: string, ...values: readonly Value[]): Row | undefined;
  close(): Promise<void>;
}

const TABLES = `
CREATE TABLE items (
  seq INTEGER PRIMARY KEY,
  kind TEXT NOT NULL, id TEXT NOT NULL, experiment TEXT NOT NULL,
  uri TEXT, tagged TEXT, marked TEXT, named INTEGER NOT NULL,
  root TEXT, action TEXT, reason TEXT, brake TEXT,
  UNIQUE (kind, id)
);
CREATE INDEX by_experiment ON items (experiment, kind);
CREATE TABLE own (store TEXT NOT NULL, path TEXT NOT NULL, seq INTEGER NOT NULL);
CREATE TABLE refs (store TEXT NOT NULL, path TEXT NOT NULL, role TEXT NOT NULL, owner TEXT NOT NULL);
CREATE INDEX ref_places ON refs (store, path);
CREATE TABLE needs (id TEXT NOT NULL, owner TEXT NOT NULL);
CREATE INDEX need_ids ON needs (id);
CREATE TABLE found (
  seq INTEGER PRIMARY KEY,
  kind TEXT NOT NULL, id TEXT NOT NULL, experiment TEXT NOT NULL,
  under TEXT NOT NULL UNIQUE, holder TEXT NOT NULL,
  objects INTEGER NOT NULL, bytes INTEGER NOT NULL, newest INTEGER NOT NULL, folder INTEGER NOT NULL,
  undated INTEGER NOT NULL, recorded INTEGER NOT NULL, state TEXT
);
`;

/** Opens one in a folder of its own that only this user reads. */
export async function openScratch(): Promise<Scratch> {
  const { DatabaseSync } = await import('@photostructure/sqlite');
  const folder = await mkdtemp(join(tmpdir(), 'mlstow-gc-'));
  const database = new DatabaseSync(join(folder, 'scratch.db'));
  database.exec('PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -16384');
  database.exec(TABLES);
  database.exec('BEGIN');
  const kept = new Map<string, StatementSyncInstance>();
  const prepared = (sql: string): StatementSyncInstance => {
    const statement = kept.get(sql) ?? database.prepare(sql);
    kept.set(sql, statement);
    return statement;
  };
  return {
    run: (sql, ...values) => void prepared(sql).run(...values),
    all: (sql, ...values) => prepared(sql).all(...values) as Row[],
    first: (sql, ...values) => prepared(sql).get(...values) as Row | undefined,
    close: async () => {
      database.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
