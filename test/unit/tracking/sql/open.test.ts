import { DatabaseSync } from '@photostructure/sqlite';
import { copyFile, mkdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collect, failureOf, io, open, rows, tamper, temporaryFolder } from './database.ts';

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

describe('opening a database', () => {
  it.each(['read', 'write'] as const)('never makes a database to %s a mistyped path', async (intent) => {
    const cwd = await temporaryFolder();
    const failure = await failureOf(open(cwd, { uri: 'sqlite:///typo/mlflw.db', intent }));
    expect(failure.kind).toBe('not-found');
    expect(failure.message).toContain(join(cwd, 'typo/mlflw.db'));
    expect(failure.facts.hint).toContain('mlstow experiments create');
    expect(await exists(join(cwd, 'typo'))).toBe(false);
  });

  it('creates folders, the experiment Default and its location', async () => {
    const cwd = await temporaryFolder();
    const store = await open(cwd, { uri: 'sqlite:///deep/er/m.db' });
    expect(await collect(store.experiments.search({ view: 'all' }, io))).toMatchObject([
      { experimentId: '0', name: 'Default', artifactLocation: join(cwd, 'mlruns/0'), workspace: 'default' },
    ]);
    expect(store).toMatchObject({ reach: 'local', label: 'sqlite:///deep/er/m.db' });
  });

  it('fills an empty file when creating, and says so when reading', async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'mlflow.db'), '');
    expect((await failureOf(open(cwd, { intent: 'read' }))).kind).toBe('not-found');
    const store = await open(cwd);
    expect(await store.experiments.get('0', io)).toMatchObject({ name: 'Default' });
  });

  it('finishes a creation that was cut short, and one by several at once', async () => {
    const cwd = await temporaryFolder();
    tamper(join(cwd, 'mlflow.db'), 'PRAGMA user_version = 1', 'PRAGMA user_version = 0');
    const stores = await Promise.all([open(cwd), open(cwd), open(cwd)]);
    await Promise.all([0, 1, 2].map(() => open(cwd, { uri: 'sqlite:///other.db' })));
    for (const store of stores) {
      expect(await collect(store.experiments.search({ view: 'all' }, io))).toMatchObject([
        { name: 'Default' },
      ]);
    }
    expect(rows(join(cwd, 'other.db'), 'SELECT count(*) AS n FROM experiments')).toMatchObject([{ n: 1 }]);
    expect(rows(join(cwd, 'mlflow.db'), 'PRAGMA journal_mode')).toMatchObject([{ journal_mode: 'delete' }]);
  });

  it('leaves the journal mode of an existing database as it is', async () => {
    const cwd = await temporaryFolder();
    const path = join(cwd, 'mlflow.db');
    const made = await open(cwd);
    tamper(path, `VACUUM INTO '${join(cwd, 'copy.db')}'`);
    await made.close();
    const uri = 'sqlite:///copy.db';
    const store = await open(cwd, { uri, intent: 'create' });
    await store.experiments.create({ name: 'x', tags: {} }, io);
    expect(rows(join(cwd, 'copy.db'), 'PRAGMA journal_mode')).toMatchObject([{ journal_mode: 'delete' }]);
  });

  it('leaves a file that holds everything when closed', async () => {
    const cwd = await temporaryFolder();
    const store = await open(cwd);
    await store.experiments.create({ name: 'x', tags: {} }, io);
    await store.close();
    await store.close();
    await copyFile(join(cwd, 'mlflow.db'), join(cwd, 'alone.db'));
    expect(rows(join(cwd, 'alone.db'), 'SELECT name FROM experiments WHERE experiment_id = 1')).toMatchObject(
      [{ name: 'x' }],
    );
  });

  it('reads any revision, writes only known ones', async () => {
    const cwd = await temporaryFolder();
    await open(cwd);
    const path = join(cwd, 'mlflow.db');
    tamper(path, "UPDATE alembic_version SET version_num = 'feedfacecafe'");
    const reader = await open(cwd, { intent: 'read' });
    expect(await reader.experiments.get('0', io)).toMatchObject({ name: 'Default' });
    const failure = await failureOf(open(cwd, { intent: 'write' }));
    expect(failure.kind).toBe('misconfigured');
    expect(failure.message).toContain('feedfacecafe');
    expect((await failureOf(open(cwd, { intent: 'create' }))).message).toContain('feedfacecafe');
    tamper(path, "UPDATE alembic_version SET version_num = 'f4a9b2c7d1e6'");
    const writer = await open(cwd, { intent: 'write' });
    expect(await writer.experiments.create({ name: 'x', tags: {} }, io)).toBe('1');
    tamper(path, 'ALTER TABLE runs DROP COLUMN deleted_time');
    const short = await failureOf(open(cwd, { intent: 'write' }));
    expect(short.message).toContain('lacks runs.deleted_time');
    expect(short.facts.hint).toContain('mlflow db upgrade');
  });

  it('has the roles whose tables exist', async () => {
    const cwd = await temporaryFolder();
    const whole = await open(cwd);
    expect(whole).toMatchObject({ loggedModels: {}, registry: {}, traces: {} });
    const path = join(cwd, 'mlflow.db');
    tamper(
      path,
      ...['logged_model_metrics', 'logged_model_params', 'logged_model_tags', 'logged_models'].map(
        (table) => `DROP TABLE ${table}`,
      ),
      'DROP TABLE entity_associations',
      'DROP TABLE input_tags',
      'DROP TABLE inputs',
    );
    const partial = await open(cwd, { intent: 'write' });
    expect(partial.loggedModels).toBeUndefined();
    expect(partial.traces).toBeUndefined();
    expect(partial.registry).toBeDefined();
    const { runId } = await partial.runs.create(
      { experimentId: '0', userId: 'u', startTime: 1, tags: {} },
      io,
    );
    expect(await partial.runs.get(runId, io)).toMatchObject({ datasetInputs: [], modelInputs: [] });
  });

  it('works on a schema without workspaces, and refuses to name one there', async () => {
    const cwd = await temporaryFolder();
    const old = new DatabaseSync(join(cwd, 'mlflow.db'));
    old.exec(`
      CREATE TABLE alembic_version (version_num TEXT);
      INSERT INTO alembic_version VALUES ('acf3f17fdcc7');
      CREATE TABLE experiments (experiment_id INTEGER PRIMARY KEY, name TEXT UNIQUE, artifact_location TEXT,
        lifecycle_stage TEXT, creation_time BIGINT, last_update_time BIGINT);
      CREATE TABLE experiment_tags (key TEXT, value TEXT, experiment_id INTEGER);
      CREATE TABLE runs (run_uuid TEXT PRIMARY KEY, name TEXT, source_type TEXT, source_name TEXT,
        entry_point_name TEXT, user_id TEXT, status TEXT, start_time BIGINT, end_time BIGINT, source_version TEXT,
        lifecycle_stage TEXT, artifact_uri TEXT, experiment_id INTEGER, deleted_time BIGINT);
      CREATE TABLE tags (key TEXT, value TEXT, run_uuid TEXT);
      CREATE TABLE params (key TEXT, value TEXT, run_uuid TEXT);
      CREATE TABLE latest_metrics (key TEXT, value FLOAT, timestamp BIGINT, step BIGINT, is_nan BOOLEAN, run_uuid TEXT);
    `);
    old.close();
    const store = await open(cwd, { intent: 'write' });
    const experimentId = await store.experiments.create({ name: 'x', tags: { a: 'b' } }, io);
    const { runId } = await store.runs.create({ experimentId, userId: 'u', startTime: 1, tags: {} }, io);
    expect((await store.runs.get(runId, io)).info.experimentId).toBe(experimentId);
    expect(await collect(store.runs.search({ experimentIds: [experimentId], view: 'all' }, io))).toHaveLength(
      1,
    );
    expect(await store.experiments.get(experimentId, io)).not.toHaveProperty('workspace');
    expect((await failureOf(open(cwd, { intent: 'read', workspace: 'team' }))).kind).toBe('unsupported');
  });

  it('tells a file that is no database, a folder, and a foreign database apart', async () => {
    const cwd = await temporaryFolder();
    await writeFile(join(cwd, 'text.db'), 'plain text '.repeat(100));
    await mkdir(join(cwd, 'folder.db'));
    tamper(join(cwd, 'foreign.db'), 'CREATE TABLE cats (name TEXT)');
    expect((await failureOf(open(cwd, { uri: 'sqlite:///text.db' }))).kind).toBe('corrupt');
    expect((await failureOf(open(cwd, { uri: 'sqlite:///folder.db' }))).kind).toBe('wrong-kind');
    expect((await failureOf(open(cwd, { uri: 'sqlite:///foreign.db' }))).kind).toBe('misconfigured');
    expect(rows(join(cwd, 'foreign.db'), 'SELECT count(*) AS n FROM sqlite_master')).toMatchObject([
      { n: 1 },
    ]);
  });

  it('lets a store that was opened for reading write nothing', async () => {
    const cwd = await temporaryFolder();
    await open(cwd);
    const reader = await open(cwd, { intent: 'read' });
    expect((await failureOf(reader.experiments.create({ name: 'x', tags: {} }, io))).kind).toBe('internal');
    const asked = await open(cwd, { uri: 'sqlite:///mlflow.db?mode=ro', intent: 'read' });
    expect((await failureOf(asked.experiments.create({ name: 'x', tags: {} }, io))).kind).toBe('denied');
    expect((await failureOf(open(cwd, { uri: 'sqlite:///mlflow.db?mode=ro', intent: 'write' }))).kind).toBe(
      'denied',
    );
  });
});
