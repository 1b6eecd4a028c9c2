import { existsSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { collectingMark, type Collectable, type Reference } from '../../../../src/tracking/collect.ts';
import { collect as all, io, look, open, put, temporaryFolder } from './store.ts';

const ALL = { workspace: 'all', tagKeys: ['mlstow.collecting'] } as const;
const TRACE = `tr-${'a'.repeat(32)}`;

interface Place {
  readonly cwd: string;
  readonly experiment: string;
  readonly collect: Collectable;
  /** A deleted run, and what gc expects of it. */
  readonly deleted: () => Promise<{ id: string; uri: string; folder: string }>;
  readonly restore: (id: string) => Promise<void>;
}

async function place(): Promise<Place> {
  const cwd = await temporaryFolder();
  const store = await open(cwd);
  const experiment = await store.experiments.create({ name: 'e', tags: {} }, io);
  return {
    cwd,
    experiment,
    collect: store.collect!,
    deleted: async () => {
      const run = { experimentId: experiment, startTime: 1, userId: 'u', tags: {} };
      const { runId: id, artifactUri: uri } = await store.runs.create(run, io);
      await store.runs.delete(id, io);
      return { id, uri, folder: join(cwd, 'mlruns', experiment, id) };
    },
    restore: (id) => store.runs.restore(id, io),
  };
}

const expected = (kind: 'run' | 'trace' | 'experiment', { id, uri }: { id: string; uri?: string }) =>
  ({ kind, id, ...(uri === undefined ? {} : { uri }), tags: {}, where: 'here' }) as const;

it('marks and erases what is deleted, and leaves what was restored as it was', async () => {
  const { collect, deleted, restore } = await place();
  const [gone, back] = [await deleted(), await deleted()];
  expect(await collect.mark('run', [expected('run', gone), expected('run', back)], io)).toEqual(
    new Set([gone.id, back.id]),
  );
  const [found] = await collect.find('run', [gone.id], ALL, io);
  expect(found).toMatchObject({
    stage: 'deleted',
    tags: { 'mlstow.collecting': collectingMark(found!, 'here') },
  });
  await restore(back.id);
  await rm(join(back.folder, 'artifacts'), { recursive: true });
  expect(await collect.mark('run', [expected('run', back)], io)).toEqual(new Set());
  const ended = await collect.erase(
    'run',
    [gone, back, { id: 'nobody' }].map((each) => expected('run', each)),
    io,
  );
  expect(Object.fromEntries(ended)).toEqual({ [gone.id]: 'erased', [back.id]: 'changed', nobody: 'absent' });
  expect([existsSync(gone.folder), existsSync(join(back.folder, 'meta.yaml'))]).toEqual([false, true]);
  // MLflow finds a run only if it has this folder.
  expect(existsSync(join(back.folder, 'artifacts'))).toBe(true);
});

it('gives a run back whose record was taken while it was being restored', async () => {
  const { collect, deleted, restore } = await place();
  const run = await deleted();
  await restore(run.id);
  await rename(join(run.folder, 'meta.yaml'), join(run.folder, '.mlstow.erasing'));
  expect(Object.fromEntries(await collect.erase('run', [expected('run', run)], io))).toEqual({
    [run.id]: 'changed',
  });
  expect(existsSync(join(run.folder, 'meta.yaml'))).toBe(true);
});

it('counts what it erased in a batch of which something else failed as erased, not as absent', async () => {
  const { collect, deleted } = await place();
  const [fine, full] = [await deleted(), await deleted()];
  await writeFile(join(full.folder, 'artifacts', 'new'), '');
  const batch = [expected('run', fine), expected('run', full)];
  await expect(collect.erase('run', batch, io)).rejects.toThrow(/holds files/);
  expect(Object.fromEntries(await collect.erase('run', [batch[0]!], io))).toEqual({ [fine.id]: 'erased' });
  expect(existsSync(join(full.folder, 'meta.yaml'))).toBe(true);
});

it('takes traces with their experiment from the trash, and an experiment only when it is empty', async () => {
  const { collect, cwd, experiment, deleted } = await place();
  const run = await deleted();
  const store = await open(cwd);
  const uri = `file://${cwd}/mlruns/${experiment}/traces/${TRACE}/artifacts`;
  await put(cwd, `${experiment}/traces/${TRACE}/trace_info.yaml`, `trace_id: ${TRACE}\n`);
  await put(cwd, `${experiment}/traces/${TRACE}/tags/mlflow.artifactLocation`, uri);
  await store.experiments.delete(experiment, io);
  const moved = (from: string) => from.replace('/mlruns/', '/mlruns/.trash/');
  const pages = collect.deleted('trace', { ...ALL, experimentId: experiment }, io);
  const traces = await all(pages);
  expect(traces).toMatchObject([{ id: TRACE, stage: 'deleted', uri: moved(uri) }]);
  const erase = async (...asked: Parameters<typeof expected>) =>
    [...(await collect.erase(asked[0], [expected(...asked)], io)).values()][0];
  expect(await erase('experiment', { id: experiment })).toBe('changed');
  expect(await erase('trace', { id: TRACE, uri: moved(uri) })).toBe('erased');
  expect(await erase('run', run)).toBe('changed');
  expect(await erase('run', { ...run, uri: moved(run.uri) })).toBe('erased');
  expect(await erase('experiment', { id: experiment })).toBe('erased');
  expect(existsSync(join(cwd, 'mlruns', '.trash', experiment))).toBe(false);
});

it('names the places of what is damaged, and where the trash keeps files', async () => {
  const { collect, cwd, experiment, deleted } = await place();
  const run = await deleted();
  await (await open(cwd)).experiments.delete(experiment, io);
  await put(cwd, `.trash/${experiment}/${'b'.repeat(32)}/meta.yaml`, '{');
  await put(cwd, 'models/m/version-1/meta.yaml', `source: ${run.uri}/x\nrun_id: ${run.id}\nversion: 1\n`);
  await put(cwd, 'models/m/version-2/meta.yaml', 'source: s3://b/x\ncurrent_stage: Deleted_Internal\n');
  const found: Reference[] = [];
  for await (const page of collect.references('mlstow.artifactUri', io)) found.push(...page);
  const uris = found
    .filter(({ owner }) => owner.kind !== 'experiment')
    .map(({ owner, uri, runId }) => [owner.id, uri ?? runId]);
  const trashed = (path: string) => `file://${cwd}/mlruns/.trash/${experiment}/${path}`;
  expect(uris).toEqual(
    expect.arrayContaining([
      [run.id, run.uri],
      [run.id, trashed(`${run.id}/artifacts`)],
      ['b'.repeat(32), trashed(`${'b'.repeat(32)}/artifacts`)],
      ['b'.repeat(32), 'b'.repeat(32)],
      ['m/1', `${run.uri}/x`],
      ['m/1', trashed(`${run.id}/artifacts/x`)],
      ['m/1', run.id],
    ]),
  );
  expect(uris).toHaveLength(7);
  expect(await look(cwd, `.trash/${experiment}/${run.id}/meta.yaml`)).toContain('deleted');
});
