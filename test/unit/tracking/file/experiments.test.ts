import { access, mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collect, failureOf, io, look, open, put, temporaryFolder } from './store.ts';

describe('opening a file store', () => {
  it('makes the experiment Default, and warns that stock MLflow refuses', async () => {
    const cwd = await temporaryFolder();
    const store = await open(cwd);
    expect(store).toMatchObject({ reach: 'local', label: `file://${cwd}/mlruns` });
    expect(store.notes.join()).toContain('MLFLOW_ALLOW_FILE_STORE=true');
    expect(await store.experiments.get('0', io)).toMatchObject({
      name: 'Default',
      artifactLocation: `file://${cwd}/mlruns/0`,
      lifecycleStage: 'active',
    });
  });

  it('never makes one to read or write a mistyped path', async () => {
    const cwd = await temporaryFolder();
    for (const intent of ['read', 'write'] as const) {
      const failure = await failureOf(open(cwd, { uri: 'mlrun', intent }));
      expect(failure).toMatchObject({ kind: 'not-found' });
      expect(failure.message).toContain(join(cwd, 'mlrun'));
    }
    await writeFile(join(cwd, 'file'), '');
    expect((await failureOf(open(cwd, { uri: 'file' }))).kind).toBe('wrong-kind');
    expect(await readdir(cwd)).toEqual(['file']);
  });

  it('takes paths and URIs, decoded', async () => {
    const cwd = await temporaryFolder();
    await mkdir(join(cwd, 'a b'));
    for (const uri of ['a b', 'file:a%20b', `file://${cwd}/a%20b`, `file:${cwd}/a%20b`]) {
      const store = await open(cwd, { uri, intent: 'write' });
      await store.experiments.create({ name: uri, tags: {} }, io);
    }
    expect((await readdir(join(cwd, 'a b'))).filter((name) => /^\d+$/.test(name))).toHaveLength(4);
    const store = await open(cwd, { uri: 'a b', intent: 'read' });
    expect((await store.experiments.findByName('a b', io))?.artifactLocation).toMatch(`${cwd}/a b/`);
    expect((await failureOf(store.experiments.create({ name: 'x', tags: {} }, io))).kind).toBe('internal');
  });
});

describe('experiments in folders', () => {
  it('writes meta.yaml as MLflow does: keys sorted, ids as text', async () => {
    const cwd = await temporaryFolder();
    const store = await open(cwd);
    const id = await store.experiments.create({ name: 'on: #1', tags: { 'a/b': 'c' } }, io);
    expect(id).toMatch(/^[1-9]\d{17}$/);
    const meta = await look(cwd, `${id}/meta.yaml`);
    expect(meta.split('\n').map((line) => line.split(':')[0])).toEqual([
      'artifact_location',
      'creation_time',
      'effective_trace_archival_retention',
      'experiment_id',
      'last_update_time',
      'lifecycle_stage',
      'name',
      'trace_location',
      'workspace',
      '',
    ]);
    expect(meta).toContain(`experiment_id: "${id}"`);
    expect(meta).toContain('name: "on: #1"');
    expect(await look(cwd, `${id}/tags/a/b`)).toBe('c');
    expect(await readdir(join(cwd, 'mlruns', id))).toEqual(['meta.yaml', 'tags']);
  });

  it('lets only one of many concurrent callers have a name', async () => {
    const cwd = await temporaryFolder();
    const stores = await Promise.all([open(cwd), open(cwd), open(cwd)]);
    const tries = stores.flatMap((store) =>
      Array.from({ length: 4 }, () => store.experiments.create({ name: 'one', tags: {} }, io)),
    );
    const results = await Promise.allSettled(tries);
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
    for (const result of results) {
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ kind: 'exists' });
    }
  });

  it('moves a deleted experiment to the trash with its active runs, and back', async () => {
    const cwd = await temporaryFolder();
    const store = await open(cwd);
    const id = await store.experiments.create({ name: 'x', tags: {} }, io);
    const run = await store.runs.create({ experimentId: id, userId: 'u', startTime: 1, tags: {} }, io);
    await store.experiments.delete(id, io);
    await access(join(cwd, 'mlruns/.trash', id, 'meta.yaml'));
    expect(await store.experiments.get(id, io)).toMatchObject({ lifecycleStage: 'deleted', name: 'x' });
    expect((await store.runs.get(run.runId, io)).info).toMatchObject({ lifecycleStage: 'deleted' });
    expect((await failureOf(store.experiments.delete(id, io))).kind).toBe('not-found');
    const held = await failureOf(store.experiments.create({ name: 'x', tags: {} }, io));
    expect(held.facts.hint).toContain(`restore -x ${id}`);
    const late = { experimentId: id, userId: 'u', startTime: 1, tags: {} };
    expect((await failureOf(store.runs.create(late, io))).kind).toBe('invalid');
    await store.experiments.restore(id, io);
    expect((await store.runs.get(run.runId, io)).info).not.toHaveProperty('deletedTime');
    expect((await failureOf(store.experiments.restore(id, io))).kind).toBe('not-found');
    expect((await failureOf(store.experiments.delete('0', io))).kind).toBe('invalid');
  });

  it.each(['../mlruns/0', '..', '.', '.trash', '/etc', '', 'a/b', '0%2e'])(
    'refuses the id %j, which could leave the store',
    async (id) => {
      const store = await open(await temporaryFolder());
      expect((await failureOf(store.experiments.get(id, io))).kind).toBe('invalid');
      expect((await failureOf(store.experiments.delete(id, io))).kind).toBe('invalid');
      expect((await failureOf(store.runs.get(id, io))).kind).toBe('invalid');
      expect((await failureOf(store.loggedModels!.get(id, io))).kind).toBe('invalid');
    },
  );

  it.each(['../x', '/x', 'a/../../x', 'a//b', 'x/', '.', 'a?'])('refuses the tag key %j', async (key) => {
    const cwd = await temporaryFolder();
    const store = await open(cwd);
    const { runId } = await store.runs.create({ experimentId: '0', userId: 'u', startTime: 1, tags: {} }, io);
    expect((await failureOf(store.experiments.setTag('0', key, 'v', io))).kind).toBe('invalid');
    expect((await failureOf(store.runs.setTag(runId, key, 'v', io))).kind).toBe('invalid');
    expect((await failureOf(store.experiments.create({ name: 'n', tags: { [key]: 'v' } }, io))).kind).toBe(
      'invalid',
    );
  });

  it.each([
    ['no YAML', 'name: [unclosed'],
    ['a list', '- 1'],
    ['no name', "experiment_id: '77'"],
    ['another id', "experiment_id: '78'\nname: x\nartifact_location: s3://b"],
    ['a word for a time', "experiment_id: '77'\nname: x\nartifact_location: s3://b\ncreation_time: soon"],
    ['nothing', ''],
  ])('names the file of an experiment that holds %s, and passes over it in a search', async (_, text) => {
    const cwd = await temporaryFolder();
    const store = await open(cwd);
    await put(cwd, '77/meta.yaml', text);
    const failure = await failureOf(store.experiments.get('77', io));
    expect(failure.kind).toBe('corrupt');
    expect(failure.message).toContain(join(cwd, 'mlruns/77/meta.yaml'));
    const found = await collect(store.experiments.search({ view: 'all' }, io));
    expect(found.map((experiment) => experiment.experimentId)).toEqual(['0']);
    expect(store.notes.join()).toContain('77');
  });

  it('reads what older releases wrote, and keeps what it does not know', async () => {
    const cwd = await temporaryFolder();
    const store = await open(cwd);
    await put(
      cwd,
      '5/meta.yaml',
      "artifact_location: file:///old/5\nexperiment_id: 5\nfuture: {a: [1, 'null']}\nlifecycle_stage: active\nname: 12e3\n",
    );
    expect(await store.experiments.get('5', io)).toMatchObject({ experimentId: '5', name: '12e3' });
    await store.experiments.update('5', { name: 'null' }, io);
    expect(await store.experiments.get('5', io)).toMatchObject({ name: 'null' });
    const meta = await look(cwd, '5/meta.yaml');
    expect(meta).toContain('experiment_id: 5\n');
    expect(meta).toMatch(/future: \{ ?a: \[ ?1, 'null' ?\] ?\}/);
  });

  it('sorts newest first and stops at the wanted number', async () => {
    const cwd = await temporaryFolder();
    const times = [5, 9, 9, 1];
    let now = 0;
    const clock = { now: () => now, sleep: () => Promise.resolve() };
    const store = await open(cwd, { clock });
    const ids: string[] = [];
    for (const time of times) {
      now = time;
      ids.push(await store.experiments.create({ name: `e${ids.length}`, tags: {} }, io));
    }
    const twins = [ids[1]!, ids[2]!].sort();
    const found = await collect(store.experiments.search({ view: 'active_only' }, io));
    expect(found.map((experiment) => experiment.experimentId)).toEqual([...twins, ids[0], ids[3], '0']);
    expect(await collect(store.experiments.search({ view: 'all', maxResults: 2 }, io))).toHaveLength(2);
  });
});
