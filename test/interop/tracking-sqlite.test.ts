import { DatabaseSync } from '@photostructure/sqlite';
import { mkdtemp, realpath, rename, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { Io } from '../../src/core/io.ts';
import { defaultTrackingUri } from '../../src/tracking/default-uri.ts';
import { openSqlStore } from '../../src/tracking/sql/open.ts';
import type { TrackingStore } from '../../src/tracking/store.ts';
import { mlflowCommand } from '../testbeds/mlflow.ts';
import { runCommand } from '../testbeds/run-command.ts';
import { collect, expectStockEntities, weWrite } from './tracking-shared.ts';
import { stock, stockReads, stockWrites } from './tracking-stock.ts';

const io: Io = { signal: new AbortController().signal };
const URI = 'sqlite:///mlflow.db';

async function folder(name = 'plain'): Promise<string> {
  const parent = await realpath(await mkdtemp(join(tmpdir(), `mlstow ${name}-`)));
  onTestFinished(() => rm(parent, { recursive: true, force: true }));
  return parent;
}

async function open(cwd: string, intent: 'read' | 'write' | 'create'): Promise<TrackingStore> {
  const store = await openSqlStore({ uri: URI, intent, cwd, clock: systemClock, notify: () => undefined });
  onTestFinished(() => store.close());
  return store;
}

function query(cwd: string, sql: string): Record<string, unknown>[] {
  const database = new DatabaseSync(join(cwd, 'mlflow.db'), { timeout: 10_000 });
  try {
    return database.prepare(sql).all() as Record<string, unknown>[];
  } finally {
    database.close();
  }
}

/** The parts of a statement, sorted: the stock package writes constraints in the order of a Python set. */
function partsOf(sql: unknown): readonly string[] {
  return String(sql).replace(/\s+/g, ' ').replace(/ ?\)$/, '').split(', ').sort();
}

/** Everything but white space and order of the schema, and every row that a new database holds. */
function dump(cwd: string): unknown {
  const schema = query(cwd, 'SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY type, name').map(
    (row) => ({ ...row, sql: partsOf(row['sql']) }),
  );
  const tables = schema.map((row) => row as Record<string, unknown>).filter((row) => row['type'] === 'table');
  const rows = tables.map(({ name }) => [
    name,
    query(cwd, `SELECT * FROM "${String(name)}"`).map((row) => ({
      ...row,
      creation_time: 0,
      last_update_time: 0,
    })),
  ]);
  const columns = tables.map(({ name }) => query(cwd, `SELECT * FROM pragma_table_xinfo('${String(name)}')`));
  return JSON.parse(JSON.stringify({ schema, rows, columns }).replaceAll(cwd, 'CWD')) as unknown;
}

it('makes the database that stock MLflow makes, to the last index and row', async () => {
  const [ours, theirs] = [await folder('ours'), await folder('theirs')];
  await (await open(ours, 'create')).close();
  await stock("client.get_experiment('0'); print(1)", theirs, [URI]);
  expect(dump(ours)).toEqual(dump(theirs));
});

it('chooses the tracking URI that stock MLflow chooses', async () => {
  const cwd = await folder('a b%ü');
  const ask =
    "import os; os.environ.pop('MLFLOW_TRACKING_URI', None); mlflow.set_tracking_uri(None); print(json.dumps(mlflow.get_tracking_uri()))";
  expect(await defaultTrackingUri(cwd)).toBe(await stock(ask, cwd, [URI]));
  const made = "client.create_experiment('x'); mlflow.set_tracking_uri(None); ";
  const asked = await stock(made + ask, cwd, ['file:mlruns']);
  expect(asked).toMatch(/^file:/);
  expect(await defaultTrackingUri(cwd)).toBe(asked);
});

it('is opened by stock MLflow without migration, and both read what the other wrote', async () => {
  const cwd = await folder();
  const store = await open(cwd, 'create');
  const made = await weWrite(store);
  const before = query(cwd, 'SELECT * FROM alembic_version');
  const upgrade = await runCommand(await mlflowCommand(), ['db', 'upgrade', URI], {
    env: { PATH: process.env['PATH'] ?? '', HOME: cwd, MLFLOW_DISABLE_TELEMETRY: 'true' },
    cwd,
  });
  expect(upgrade).toMatchObject({ code: 0 });
  expect(upgrade.stderr).not.toContain('Running upgrade');
  const seen = await stockReads(cwd, URI, [made.deleted]);
  expect(query(cwd, 'SELECT * FROM alembic_version')).toEqual(before);
  expect(seen.experiments.find((experiment) => experiment['id'] === made.live)).toMatchObject({
    name: 'ours = 12e4: yes # \u0080\u2028"',
    location: join(cwd, 'mlruns', made.live),
    stage: 'active',
    tags: { 'a/b c': 'line\r\nüñ', plain: '2' },
    workspace: 'default',
  });
  expect(seen.runs.find((run) => run.runId === made.run)).toMatchObject({
    name: '1_000',
    user: '007',
    status: 'FAILED',
    start: 1_700_000_000_001,
    end: 1_700_000_000_002,
    artifactUri: join(cwd, 'mlruns', made.live, made.run, 'artifacts'),
    tags: { k: '', 'deep/er': 'true', 'mlflow.runName': '1_000' },
  });
  expect(seen.runs.find((run) => run.runId === made.dead)).toMatchObject({
    stage: 'deleted',
    artifactUri: `s3://bucket/later/${made.dead}/artifacts?x=1`,
  });
  expect((await store.experiments.get(made.deleted, io)).lifecycleStage).toBe('active');
  expect((await store.runs.get(made.dead, io)).info.lifecycleStage).toBe('active');
  const touched = await store.runs.get(made.run, io);
  expect(touched).toMatchObject({ params: { p: 'q' }, metrics: [{ key: 'm', value: 1.5, step: 2 }] });
  expect(touched.tags['stock/was']).toBe('here');
  await expectStockEntities(store, await stockWrites(cwd, URI), Number.MAX_VALUE);
});

const LOOP = `
for i in range(60):
    run = client.create_run('0')
    client.log_param(run.info.run_id, 'i', i)
print(1)
`;

it.each(['wal', 'delete'])('lets stock MLflow and us write at once, journal mode %s', async (mode) => {
  const cwd = await folder();
  const store = await open(cwd, 'create');
  if (mode === 'delete') {
    query(cwd, `VACUUM INTO '${join(cwd, 'copy.db')}'`);
    await store.close();
    await rm(join(cwd, 'mlflow.db'));
    for (const suffix of ['-wal', '-shm']) await rm(join(cwd, `mlflow.db${suffix}`), { force: true });
    await rename(join(cwd, 'copy.db'), join(cwd, 'mlflow.db'));
  }
  const ours = await open(cwd, 'write');
  const stockIs = { done: false };
  const theirs = stock(LOOP, cwd, [URI]).finally(() => {
    stockIs.done = true;
  });
  let made = 0;
  while (!stockIs.done) {
    await ours.runs.create({ experimentId: '0', userId: 'u', startTime: made, tags: { n: `${made}` } }, io);
    made += 1;
    await new Promise((next) => setTimeout(next, 5));
  }
  await theirs;
  expect(query(cwd, 'PRAGMA journal_mode')).toMatchObject([{ journal_mode: mode }]);
  expect(query(cwd, 'PRAGMA integrity_check')).toMatchObject([{ integrity_check: 'ok' }]);
  expect(query(cwd, "SELECT count(*) AS n FROM params WHERE key = 'i'")).toMatchObject([{ n: 60 }]);
  expect(query(cwd, "SELECT count(DISTINCT value) AS n FROM tags WHERE key = 'n'")).toMatchObject([
    { n: made },
  ]);
  expect(await collect(ours.runs.search({ experimentIds: ['0'], view: 'all' }, io))).toHaveLength(60 + made);
  expect(made).toBeGreaterThan(20);
});
