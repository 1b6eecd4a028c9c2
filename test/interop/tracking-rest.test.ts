import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Io } from '../../src/core/io.ts';
import { readCredentialsFile } from '../../src/tracking/rest/auth/credentials-file.ts';
import type { TrackingStore } from '../../src/tracking/store.ts';
import { all, failureOf } from '../unit/tracking/rest/server.ts';
import { startStock, type Stock } from '../unit/tracking/rest/stock.ts';
import { runPython } from '../testbeds/mlflow.ts';

const io: Io = { signal: new AbortController().signal };
let stock: Stock;
let store: TrackingStore;
beforeAll(async () => {
  stock = await startStock();
  store = stock.store;
});
afterAll(() => stock.stop());

describe('experiments', () => {
  it('live as the stock client sees them', async () => {
    const { experiments } = store;
    const tags = { team: 'a', ünï: 'wörld' };
    const id = await experiments.create({ name: 'one', tags, traceArchivalRetention: '30d' }, io);
    const made = await experiments.get(id, io);
    expect(made).toMatchObject({ experimentId: id, name: 'one', lifecycleStage: 'active', tags });
    expect(made.artifactLocation).toBe(`mlflow-artifacts:/${id}`);
    expect(made.creationTime).toBeGreaterThan(1_600_000_000_000);
    await experiments.update(id, { name: 'uno' }, io);
    await experiments.setTag(id, 'k', 'v', io);
    await experiments.deleteTag(id, 'team', io);
    const seen = await stock.python(
      'e = client.get_experiment(sys.argv[1])\nprint(json.dumps([e.name, e.tags]))',
      id,
    );
    expect(seen).toEqual([
      'uno',
      { ünï: 'wörld', k: 'v', 'mlflow.trace.archivalRetention': '{"type": "duration", "value": "30d"}' },
    ]);
    expect((await failureOf(experiments.deleteTag(id, 'team', io))).kind).toBe('not-found');
    await experiments.delete(id, io);
    expect((await experiments.findByName('uno', io))?.lifecycleStage).toBe('deleted');
    expect((await failureOf(experiments.delete(id, io))).kind).toBe('not-found');
    expect((await failureOf(experiments.update(id, { name: 'x' }, io))).kind).toBe('conflict');
    const taken = await failureOf(experiments.create({ name: 'uno', tags: {} }, io));
    expect(taken.facts).toMatchObject({
      kind: 'exists',
      message: "an experiment named 'uno' exists already",
    });
    await experiments.restore(id, io);
    expect((await experiments.get(id, io)).lifecycleStage).toBe('active');
  });

  it('that are missing, taken or impossible say so', async () => {
    const { experiments } = store;
    expect(await experiments.findByName('nobody', io)).toBeUndefined();
    expect((await failureOf(experiments.get('999999', io))).kind).toBe('not-found');
    expect((await failureOf(experiments.get('abc', io))).kind).toBe('invalid');
    expect((await failureOf(experiments.create({ name: 'Default', tags: {} }, io))).kind).toBe('exists');
    expect((await failureOf(experiments.create({ name: '', tags: {} }, io))).kind).toBe('invalid');
    const bad = { name: 'bad', artifactLocation: 's3://b/p#f', tags: {} };
    expect((await failureOf(experiments.create(bad, io))).kind).toBe('invalid');
    const id = await experiments.create({ name: 'renamed', tags: {} }, io);
    const failure = await failureOf(experiments.update(id, { name: 'Default' }, io));
    expect(failure.facts).toMatchObject({
      kind: 'exists',
      message: "an experiment named 'Default' exists already",
    });
  });

  it('are searched by view, newest first', async () => {
    const { experiments } = store;
    const gone = await experiments.create({ name: 'gone', artifactLocation: 's3://b/gone', tags: {} }, io);
    await experiments.delete(gone, io);
    const ids = async (view: 'active_only' | 'deleted_only' | 'all') =>
      (await all(experiments.search({ view }, io))).map((experiment) => experiment.experimentId);
    expect(await ids('deleted_only')).toEqual([gone]);
    expect(await ids('active_only')).not.toContain(gone);
    const every = await all(experiments.search({ view: 'all' }, io));
    expect(every[0]?.artifactLocation).toBe('s3://b/gone');
    expect(every.at(-1)?.name).toBe('Default');
    expect(await all(experiments.search({ view: 'all', maxResults: 2 }, io))).toHaveLength(2);
  });
});

describe('runs', () => {
  it('live as the stock client sees them', async () => {
    const { runs } = store;
    const run = {
      experimentId: '0',
      userId: 'me',
      runName: 'first',
      startTime: 1_700_000_000_123,
      tags: { a: 'b' },
    };
    const created = await runs.create(run, io);
    expect(created).toMatchObject({
      status: 'RUNNING',
      startTime: run.startTime,
      userId: 'me',
      runName: 'first',
    });
    expect(created.artifactUri).toBe(`mlflow-artifacts:/0/${created.runId}/artifacts`);
    await runs.setTag(created.runId, 'k', 'v', io);
    await runs.update(
      created.runId,
      { status: 'KILLED', endTime: 1_700_000_000_456, runName: 'renamed' },
      io,
    );
    await stock.python(
      'r = sys.argv[1]\nclient.log_metric(r, "m", float("nan"), timestamp=5, step=3)\nclient.log_param(r, "p", "x")\nprint(0)',
      created.runId,
    );
    const read = await runs.get(created.runId, io);
    expect(read.info).toMatchObject({ status: 'KILLED', endTime: 1_700_000_000_456, runName: 'renamed' });
    expect(read.metrics).toEqual([{ key: 'm', value: NaN, timestamp: 5, step: 3 }]);
    expect(read.params).toEqual({ p: 'x' });
    expect(read.tags).toMatchObject({ a: 'b', k: 'v' });
    await runs.delete(created.runId, io);
    expect((await runs.get(created.runId, io)).info.lifecycleStage).toBe('deleted');
    await runs.restore(created.runId, io);
    expect((await runs.get(created.runId, io)).info.lifecycleStage).toBe('active');
  });

  it('that are missing or cannot be made say so', async () => {
    expect((await failureOf(store.runs.get('nope', io))).kind).toBe('not-found');
    expect((await failureOf(store.runs.delete('nope', io))).kind).toBe('not-found');
    const gone = await store.experiments.create({ name: 'closed', tags: {} }, io);
    await store.experiments.delete(gone, io);
    const run = { experimentId: gone, userId: 'me', startTime: 1, tags: {} };
    expect((await failureOf(store.runs.create(run, io))).kind).toBe('invalid');
    expect((await failureOf(store.runs.create({ ...run, experimentId: '999999' }, io))).kind).toBe(
      'not-found',
    );
  });

  it('are found by any tag value', async () => {
    const experimentId = await store.experiments.create({ name: 'tags', tags: {} }, io);
    const key = 'mlstow.idempotencyKey';
    const values = [
      'plain',
      "it's",
      'say "hi"',
      `both ' and "`,
      `b'oth " and \\ too`,
      'a;b',
      '%_',
      'é😀',
      '',
      'a\nb',
    ];
    for (const value of [...values, `both " and "`, `both ' and "!`]) {
      await store.runs.create({ experimentId, userId: 'me', startTime: 1, tags: { [key]: value } }, io);
    }
    for (const value of values) {
      const tag = { key, value };
      const found = await all(store.runs.search({ experimentIds: [experimentId], view: 'all', tag }, io));
      expect(found.map((run) => run.tags[key])).toEqual([value]);
    }
  });

  it('come page by page, newest first', async () => {
    const experimentId = await store.experiments.create({ name: 'many', tags: {} }, io);
    await stock.python(
      `from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
store = SqlAlchemyStore(sys.argv[2], "mlflow-artifacts:/")
from mlflow.store.tracking.dbmodels.models import SqlRun
with store.ManagedSessionMaker() as session:
    session.add_all([SqlRun(run_uuid=f"{i:032x}", name="n", experiment_id=int(sys.argv[1]), user_id="u",
        status="FINISHED", lifecycle_stage="active", start_time=i, artifact_uri="x") for i in range(1205)])
print(0)`,
      experimentId,
      `sqlite:///${join(stock.server.dir, 'mlflow.db')}`,
    );
    const found = await all(store.runs.search({ experimentIds: [experimentId], view: 'active_only' }, io));
    expect(found).toHaveLength(1_205);
    expect(found[0]?.info.startTime).toBe(1_204);
    expect(new Set(found.map((run) => run.info.runId)).size).toBe(1_205);
    expect(found.at(-1)?.info.runId).toBe('0'.repeat(32));
    expect(found.at(-1)?.info.startTime).toBe(0);
    const deleted = { experimentIds: [experimentId], view: 'deleted_only' } as const;
    expect(await all(store.runs.search(deleted, io))).toEqual([]);
  });
});

describe('a server that is not as expected', () => {
  it('a wrong path, host name or workspace is named', async () => {
    const astray = await failureOf(stock.open({ uri: `${stock.server.url}/wrong` }).experiments.get('0', io));
    expect(astray.kind).toBe('misconfigured');
    expect(astray.facts.hint).toContain('MLFLOW_TRACKING_URI');
    const scoped = await failureOf(stock.open({ workspace: 'team-a' }).experiments.get('0', io));
    expect(scoped.kind).toBe('unsupported');
    expect(scoped.facts.hint).toContain('MLFLOW_WORKSPACE');
    const { port } = new URL(stock.server.url);
    const response = await stock.net.send(
      {
        method: 'GET',
        url: new URL(`${stock.server.url}/api/2.0/mlflow/experiments/get`),
        headers: { host: `mlflow.example:${port}` },
        redirect: 'manual',
      },
      io,
    );
    expect(response.status).toBe(403);
    expect(Buffer.concat((await response.body.toArray()) as Buffer[]).toString()).toMatch(
      /^Invalid Host header/,
    );
  });
});

describe('the credentials file', () => {
  it('is read as the stock client reads it', async () => {
    const home = await mkdtemp(join(tmpdir(), 'mlstow-home-'));
    try {
      await mkdir(join(home, '.mlflow'));
      const file = join(home, '.mlflow', 'credentials');
      const script =
        'import json\nfrom mlflow.utils.credentials import read_mlflow_creds\nprint(json.dumps(read_mlflow_creds()))';
      for (const text of [
        '[mlflow]\nmlflow_tracking_username = me\nmlflow_tracking_password = pa;ss #1 "q" 50%%\n',
        "# c\n[x]\nmlflow_tracking_username=no\n[mlflow]\nMLFLOW_TRACKING_USERNAME: you\nmlflow_tracking_password='a=b:c'\n",
      ]) {
        await writeFile(file, text);
        const finished = await runPython(script, [], { HOME: home });
        const { username, password } = await readCredentialsFile(file);
        expect([username, password]).toEqual(JSON.parse(finished.stdout));
      }
    } finally {
      await rm(home, { recursive: true });
    }
  });
});
