import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collect, failureOf, io, look, open, put, temporaryFolder } from './store.ts';

const NEW_RUN = { experimentId: '0', userId: 'ada', startTime: 1_700_000_000_000, tags: {} };

describe('runs in folders', () => {
  it('creates a RUNNING run with the folders that MLflow asks for', async () => {
    const cwd = await temporaryFolder();
    const store = await open(cwd);
    const info = await store.runs.create({ ...NEW_RUN, runName: 'mine', tags: { 'a/b': 'c' } }, io);
    expect(info.artifactUri).toBe(`file://${cwd}/mlruns/0/${info.runId}/artifacts`);
    const folder = join(cwd, 'mlruns/0', info.runId);
    expect((await readdir(folder)).sort()).toEqual(['artifacts', 'meta.yaml', 'metrics', 'params', 'tags']);
    const run = await store.runs.get(info.runId, io);
    expect(run.info).toEqual(info);
    expect(run.tags).toEqual({ 'a/b': 'c', 'mlflow.runName': 'mine' });
    const meta = await look(cwd, `0/${info.runId}/meta.yaml`);
    expect(meta).toContain('status: 1\n');
    expect(meta).toContain('tags: []\n');
    expect(meta).toContain('source_type: 4\n');
    expect(meta).toContain('deleted_time: null\n');
  });

  it('updates status, end and name, and follows the name tag', async () => {
    const store = await open(await temporaryFolder());
    const { runId } = await store.runs.create(NEW_RUN, io);
    await store.runs.update(runId, { status: 'KILLED', endTime: 5, runName: 'n' }, io);
    const run = await store.runs.get(runId, io);
    expect(run.info).toMatchObject({ status: 'KILLED', endTime: 5, runName: 'n' });
    expect(run.tags['mlflow.runName']).toBe('n');
    await store.runs.setTag(runId, 'mlflow.runName', 'm', io);
    expect((await store.runs.get(runId, io)).info.runName).toBe('m');
  });

  it('deletes and restores idempotently, and lets nobody change a deleted run', async () => {
    const store = await open(await temporaryFolder());
    const { runId } = await store.runs.create(NEW_RUN, io);
    await store.runs.delete(runId, io);
    await store.runs.delete(runId, io);
    expect((await store.runs.get(runId, io)).info.deletedTime).toBeGreaterThan(0);
    expect((await failureOf(store.runs.setTag(runId, 'k', 'v', io))).kind).toBe('invalid');
    expect((await failureOf(store.runs.update(runId, { status: 'FINISHED' }, io))).kind).toBe('invalid');
    await store.runs.restore(runId, io);
    expect((await store.runs.get(runId, io)).info).not.toHaveProperty('deletedTime');
    expect((await failureOf(store.runs.get('absent', io))).kind).toBe('not-found');
  });

  it('reads the last point of each metric, NaN and infinities included', async () => {
    const cwd = await temporaryFolder();
    const store = await open(cwd);
    const { runId } = await store.runs.create(NEW_RUN, io);
    await put(cwd, `0/${runId}/metrics/loss`, '10 1.5 0\n30 2 2\n20 9 2\n30 3 2\n40 8 1\n');
    await put(cwd, `0/${runId}/metrics/deep/nan`, '1 nan 0\n');
    await put(cwd, `0/${runId}/metrics/low`, '1 -inf\n');
    await put(cwd, `0/${runId}/metrics/set`, '1 0.5 7 name digest\n');
    expect((await store.runs.get(runId, io)).metrics).toEqual([
      { key: 'deep/nan', value: Number.NaN, timestamp: 1, step: 0 },
      { key: 'loss', value: 3, timestamp: 30, step: 2 },
      { key: 'low', value: Number.NEGATIVE_INFINITY, timestamp: 1, step: 0 },
      { key: 'set', value: 0.5, timestamp: 1, step: 0 },
    ]);
    await put(cwd, `0/${runId}/metrics/bad`, '1 two 3\n');
    const failure = await failureOf(store.runs.get(runId, io));
    expect(failure.kind).toBe('corrupt');
    expect(failure.message).toContain('metrics/bad');
  });

  it('pages to the end, newest start first, by tag and stage, passing over what is no run', async () => {
    const cwd = await temporaryFolder();
    const store = await open(cwd);
    for (let i = 0; i < 130; i += 1) {
      await store.runs.create({ ...NEW_RUN, startTime: i % 7, tags: { n: `${i % 10}` } }, io);
    }
    const { runId } = await store.runs.create({ ...NEW_RUN, startTime: 99 }, io);
    await store.runs.delete(runId, io);
    await put(cwd, '0/no-run/file', '');
    await put(cwd, '0/broken/meta.yaml', 'status: [');
    const all = await collect(store.runs.search({ experimentIds: ['0', '0'], view: 'all' }, io));
    const order = [...all].sort(
      (a, b) => b.info.startTime! - a.info.startTime! || (a.info.runId < b.info.runId ? -1 : 1),
    );
    expect(all.map((run) => run.info.runId)).toEqual(order.map((run) => run.info.runId));
    expect(all).toHaveLength(131);
    expect(store.notes.filter((note) => note.includes('broken'))).toHaveLength(1);
    const tagged = { experimentIds: ['0'], view: 'active_only', tag: { key: 'n', value: '3' } } as const;
    expect(await collect(store.runs.search(tagged, io))).toHaveLength(13);
    const deleted = await collect(store.runs.search({ experimentIds: ['0'], view: 'deleted_only' }, io));
    expect(deleted.map((run) => run.info.runId)).toEqual([runId]);
    const stop = { signal: AbortSignal.abort() };
    expect((await failureOf(collect(store.runs.search(tagged, stop)))).kind).toBe('cancelled');
  });

  it('takes only a whole folder for a run, so that no artifact can pose as one', async () => {
    const cwd = await temporaryFolder();
    const store = await open(cwd);
    const { runId } = await store.runs.create(NEW_RUN, io);
    const meta = (await look(cwd, `0/${runId}/meta.yaml`)).replaceAll(runId, 'fake');
    await put(cwd, '0/fake/meta.yaml', meta);
    expect((await failureOf(store.runs.get('fake', io))).kind).toBe('not-found');
    await put(cwd, '0/stranger/meta.yaml', meta);
    for (const name of ['metrics', 'params', 'artifacts']) await put(cwd, `0/stranger/${name}/x`, '1 1 1');
    expect((await failureOf(store.runs.get('stranger', io))).kind).toBe('corrupt');
  });
});

describe('the registry in folders', () => {
  it.each(['../0', 'a/b', '..', '', 'a%2fb'])('refuses the model name %j', async (name) => {
    const { registry } = await open(await temporaryFolder());
    expect((await failureOf(registry!.version(name, '1', io))).kind).toBe('invalid');
    expect((await failureOf(registry!.byAlias(name, 'a', io))).kind).toBe('invalid');
    expect((await failureOf(registry!.byStage(name, 'latest', io))).kind).toBe('invalid');
  });

  it('takes versions by number, not by spelling', async () => {
    const cwd = await temporaryFolder();
    const { registry } = await open(cwd);
    for (const version of ['2', '10']) {
      await put(
        cwd,
        `models/m/version-${version}/meta.yaml`,
        `current_stage: None\nname: m\nsource: s3://b/${version}\nstorage_location: s3://c/${version}\nversion: ${version}\n`,
      );
    }
    await put(cwd, 'models/m/aliases/best', '2');
    const newest = await registry!.byStage('m', 'latest', io);
    expect(newest).toMatchObject({ version: '10', stage: 'None' });
    expect(await registry!.downloadUri(newest, io)).toBe('s3://c/10');
    expect(await registry!.byAlias('m', 'best', io)).toMatchObject({ version: '2' });
    expect(await registry!.version('m', '02', io)).toMatchObject({ version: '2' });
    expect((await failureOf(registry!.byAlias('m', '../meta', io))).kind).toBe('not-found');
  });
});
