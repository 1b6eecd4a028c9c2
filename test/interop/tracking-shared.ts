import { expect } from 'vitest';
import type { Io } from '../../src/core/io.ts';
import type { Run } from '../../src/tracking/entities.ts';
import type { TrackingStore } from '../../src/tracking/store.ts';

const io: Io = { signal: new AbortController().signal };

/** Everything that an iteration yields. */
export async function collect<T>(pages: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}

function expectStockRun(run: Run, ids: Readonly<Record<string, string>>, largest: number): void {
  expect(run.info).toMatchObject({
    runId: ids['run'],
    experimentId: ids['experiment'],
    runName: 'null',
    status: 'FINISHED',
    startTime: ids['start'],
    artifactUri: ids['artifactUri'],
    lifecycleStage: 'active',
  });
  const metrics = new Map(run.metrics.map((metric) => [metric.key, metric]));
  expect(metrics.get('loss')).toEqual({ key: 'loss', value: 2, timestamp: 1000, step: 2 });
  expect(metrics.get('nan')).toEqual({ key: 'nan', value: Number.NaN, timestamp: 5, step: 1 });
  expect(metrics.get('inf')?.value).toBe(largest);
  expect(metrics.get('deep/low')).toEqual({ key: 'deep/low', value: -largest, timestamp: 5, step: -1 });
  expect(run.params).toEqual({ lr: '0.1', 'deep/param': 'yes' });
  expect(run.tags).toMatchObject({ 'slash/tag': 'emoji 🎉', 'mlflow.runName': 'null' });
  expect(run.datasetInputs).toMatchObject([
    { dataset: { name: 'rows', sourceType: 'http' }, tags: { 'mlflow.data.context': 'training' } },
  ]);
  expect(run.datasetInputs[0]?.dataset.schema).toContain('mlflow_colspec');
  expect(run.modelInputs).toEqual([{ modelId: ids['seen'] }]);
  expect(run.modelOutputs).toEqual([{ modelId: ids['model'], step: 3 }]);
}

/** Reads what `stockWrites` left; `largest` is how the store keeps infinity. */
export async function expectStockEntities(
  store: TrackingStore,
  ids: Readonly<Record<string, string>>,
  largest: number,
): Promise<void> {
  const experiment = await store.experiments.get(ids['experiment']!, io);
  expect(experiment).toMatchObject({ name: 'stock: "ü" %20 # yes', lifecycleStage: 'active' });
  expect(experiment.tags).toMatchObject({ team: 'a\nb', 'deep/er key': '1' });
  expect(await store.experiments.findByName('gone', io)).toMatchObject({
    experimentId: ids['gone'],
    lifecycleStage: 'deleted',
    artifactLocation: 's3://bucket/gone',
  });
  expectStockRun(await store.runs.get(ids['run']!, io), ids, largest);
  const runs = await collect(
    store.runs.search({ experimentIds: [ids['experiment']!, ids['gone']!], view: 'all' }, io),
  );
  expect(new Set(runs.map((run) => run.info.runId))).toEqual(
    new Set([ids['run'], ids['dead'], ids['withGone']]),
  );
  expectStockRun(
    runs.find((run) => run.info.runId === ids['run'])!,
    ids,
    largest,
  );
  const dead = await store.runs.get(ids['dead']!, io);
  expect(dead.info).toMatchObject({ status: 'KILLED', startTime: 7, endTime: 9, lifecycleStage: 'deleted' });
  expect(dead.info.deletedTime).toBeGreaterThan(1_700_000_000_000);
  expect((await store.runs.get(ids['withGone']!, io)).info.lifecycleStage).toBe('deleted');
  expect(await store.loggedModels?.get(ids['model']!, io)).toEqual({
    modelId: ids['model'],
    experimentId: ids['experiment'],
    name: 'm',
    artifactLocation: ids['modelLocation'],
    sourceRunId: ids['run'],
  });
  await expectStockRegistry(store, ids);
}

async function expectStockRegistry(
  store: TrackingStore,
  ids: Readonly<Record<string, string>>,
): Promise<void> {
  const registry = store.registry!;
  const one = await registry.byAlias('reg', 'champion', io);
  expect(one).toMatchObject({ name: 'reg', version: '1', runId: ids['run'] });
  expect(await registry.downloadUri(one, io)).toBe(ids['modelLocation']);
  expect(await registry.byStage('reg', 'production', io)).toMatchObject({
    version: '2',
    stage: 'Production',
  });
  expect(await registry.byStage('reg', 'Latest', io)).toMatchObject({ version: '2' });
  expect(await registry.version('reg', '2', io)).toMatchObject({ source: 's3://bucket/two' });
  for (const missing of [
    () => registry.version('reg', '3', io),
    () => registry.version('reg', 'x', io),
    () => registry.byStage('reg', 'Archived', io),
    () => registry.byAlias('reg', 'nobody', io),
    () => registry.version('nobody', '1', io),
  ]) {
    await expect(missing()).rejects.toMatchObject({ kind: 'not-found' });
  }
  await expect(registry.byStage('reg', 'Stagin', io)).rejects.toMatchObject({ kind: 'invalid' });
}

/** Ids of what `weWrite` made. */
export interface OurEntities {
  readonly live: string;
  readonly deleted: string;
  readonly run: string;
  readonly dead: string;
}

/** Records experiments and runs, odd names among them. */
export async function weWrite(store: TrackingStore): Promise<OurEntities> {
  const live = await store.experiments.create(
    { name: 'ours = 12e4: yes # \u0080\u2028"', tags: { 'a/b c': 'line\r\nüñ', plain: 'null' } },
    io,
  );
  const deleted = await store.experiments.create(
    { name: 'later', artifactLocation: 's3://bucket/later?x=1', tags: {} },
    io,
  );
  const run = await store.runs.create(
    { experimentId: live, userId: '007', runName: '1_000', startTime: 1_700_000_000_001, tags: { k: '' } },
    io,
  );
  await store.runs.setTag(run.runId, 'deep/er', 'true', io);
  await store.runs.update(run.runId, { status: 'FAILED', endTime: 1_700_000_000_002 }, io);
  const dead = await store.runs.create({ experimentId: deleted, userId: 'u', startTime: 1, tags: {} }, io);
  await store.experiments.delete(deleted, io);
  await store.experiments.setTag(live, 'plain', '2', io);
  return { live, deleted, run: run.runId, dead: dead.runId };
}
