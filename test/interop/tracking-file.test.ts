import { access, mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { systemClock } from '../../src/core/clock.ts';
import type { Io } from '../../src/core/io.ts';
import { openFileStore } from '../../src/tracking/file/open.ts';
import type { TrackingStore } from '../../src/tracking/store.ts';
import { expectStockEntities, weWrite } from './tracking-shared.ts';
import { stockReads, stockWrites } from './tracking-stock.ts';

const io: Io = { signal: new AbortController().signal };

async function folder(): Promise<string> {
  const path = await realpath(await mkdtemp(join(tmpdir(), 'mlstow-file-')));
  onTestFinished(() => rm(path, { recursive: true, force: true }));
  return path;
}

async function open(uri: string, cwd: string, intent: 'write' | 'create'): Promise<TrackingStore> {
  const store = await openFileStore({ uri, intent, cwd, clock: systemClock, notify: () => undefined });
  onTestFinished(() => store.close());
  return store;
}

it('makes a store that stock MLflow reads, changes and restores', async () => {
  const cwd = await folder();
  const uri = `file://${cwd}/mlruns`;
  const store = await open(uri, cwd, 'create');
  const made = await weWrite(store);
  const seen = await stockReads(cwd, uri, [made.deleted]);
  expect(seen.experiments.map((experiment) => experiment['name'])).toContain('Default');
  expect(seen.experiments.find((experiment) => experiment['id'] === made.live)).toMatchObject({
    name: 'ours = 12e4: yes # \u0080\u2028"',
    location: `${uri}/${made.live}`,
    stage: 'active',
    tags: { 'a/b c': 'line\r\nüñ', plain: '2' },
  });
  expect(seen.runs.find((run) => run.runId === made.run)).toMatchObject({
    name: '1_000',
    user: '007',
    status: 'FAILED',
    start: 1_700_000_000_001,
    end: 1_700_000_000_002,
    artifactUri: `${uri}/${made.live}/${made.run}/artifacts`,
    tags: { k: '', 'deep/er': 'true', 'mlflow.runName': '1_000' },
  });
  expect(seen.runs.find((run) => run.runId === made.dead)).toMatchObject({ stage: 'deleted' });
  await access(join(cwd, 'mlruns', made.deleted, 'meta.yaml'));
  expect((await store.experiments.get(made.deleted, io)).lifecycleStage).toBe('active');
  expect((await store.runs.get(made.dead, io)).info.lifecycleStage).toBe('active');
  const touched = await store.runs.get(made.run, io);
  expect(touched).toMatchObject({ params: { p: 'q' }, metrics: [{ key: 'm', value: 1.5, step: 2 }] });
  expect(touched.tags['stock/was']).toBe('here');
});

it('reads everything that stock MLflow wrote, and stock goes on after our changes', async () => {
  const cwd = await folder();
  const ids = await stockWrites(cwd, 'mlruns');
  const store = await open('mlruns', cwd, 'write');
  await expectStockEntities(store, ids, Number.POSITIVE_INFINITY);
  await store.experiments.restore(ids['gone']!, io);
  await store.experiments.update(ids['experiment']!, { name: 'renamed' }, io);
  await store.runs.update(ids['run']!, { status: 'FAILED' }, io);
  await store.runs.restore(ids['dead']!, io);
  const seen = await stockReads(cwd, 'mlruns');
  expect(seen.experiments.map((experiment) => [experiment['name'], experiment['stage']])).toEqual(
    expect.arrayContaining([
      ['renamed', 'active'],
      ['gone', 'active'],
    ]),
  );
  expect(Object.fromEntries(seen.runs.map((run) => [run.runId, [run.status, run.stage]]))).toEqual({
    [ids['run']!]: ['FAILED', 'active'],
    [ids['dead']!]: ['KILLED', 'active'],
    [ids['withGone']!]: ['RUNNING', 'active'],
  });
});
