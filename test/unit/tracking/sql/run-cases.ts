import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collect, failureOf, io, type CreateDatabase } from './database.ts';

const NEW_RUN = { experimentId: '0', userId: 'ada', startTime: 1_700_000_000_000, tags: {} };

function times<T>(count: number, make: (i: number) => T): T[] {
  return Array.from({ length: count }, (_, i) => make(i));
}

/** What every database must do with runs. */
export function runCases(title: string, create: CreateDatabase): void {
  describe(title, () => {
    it('creates a RUNNING run below the experiment, named and tagged as asked', async () => {
      const database = await create();
      const store = await database.open();
      const info = await store.runs.create({ ...NEW_RUN, runName: 'mine', tags: { 'a/b': 'c' } }, io);
      expect(info).toEqual({
        runId: expect.stringMatching(/^[0-9a-f]{32}$/) as string,
        experimentId: '0',
        runName: 'mine',
        userId: 'ada',
        status: 'RUNNING',
        startTime: 1_700_000_000_000,
        artifactUri: join(database.cwd, 'mlruns/0', info.runId, 'artifacts'),
        lifecycleStage: 'active',
      });
      expect((await store.runs.get(info.runId, io)).tags).toEqual({ 'a/b': 'c', 'mlflow.runName': 'mine' });
    });

    it('makes up a name, takes it from the tag, and refuses two different ones', async () => {
      const store = await (await create()).open();
      const named = await store.runs.create(NEW_RUN, io);
      expect(named.runName).toMatch(/^[a-z]+-[a-z]+-\d*$/);
      expect((await store.runs.get(named.runId, io)).tags['mlflow.runName']).toBe(named.runName);
      const tagged = await store.runs.create({ ...NEW_RUN, tags: { 'mlflow.runName': 't' } }, io);
      expect(tagged.runName).toBe('t');
      const both = { ...NEW_RUN, runName: 'a', tags: { 'mlflow.runName': 'b' } };
      expect((await failureOf(store.runs.create(both, io))).kind).toBe('invalid');
    });

    it('refuses a run in an experiment that is deleted or absent', async () => {
      const store = await (await create()).open();
      expect((await failureOf(store.runs.create({ ...NEW_RUN, experimentId: '9' }, io))).kind).toBe(
        'not-found',
      );
      await store.experiments.delete('0', io);
      expect((await failureOf(store.runs.create(NEW_RUN, io))).kind).toBe('invalid');
    });

    it('cuts a long tag value with a warning and refuses a bad key', async () => {
      const store = await (await create()).open();
      const { runId } = await store.runs.create(NEW_RUN, io);
      await store.runs.setTag(runId, 'k', 'v'.repeat(9_000), io);
      expect((await store.runs.get(runId, io)).tags['k']).toHaveLength(8_000);
      expect(store.notes.join()).toContain('9000 to 8000');
      expect((await failureOf(store.runs.setTag(runId, '../k', 'v', io))).kind).toBe('invalid');
    });

    it('updates status, end and name; the name also as a tag, the tag also as the name', async () => {
      const store = await (await create()).open();
      const { runId } = await store.runs.create(NEW_RUN, io);
      await store.runs.update(runId, { status: 'FAILED', endTime: 5, runName: 'n' }, io);
      await store.runs.update(runId, {}, io);
      const run = await store.runs.get(runId, io);
      expect(run.info).toMatchObject({ status: 'FAILED', endTime: 5, runName: 'n' });
      expect(run.tags['mlflow.runName']).toBe('n');
      await store.runs.setTag(runId, 'mlflow.runName', 'm', io);
      expect((await store.runs.get(runId, io)).info.runName).toBe('m');
    });

    it('deletes and restores idempotently, and lets nobody change a deleted run', async () => {
      const store = await (await create()).open();
      const { runId } = await store.runs.create(NEW_RUN, io);
      await store.runs.delete(runId, io);
      await store.runs.delete(runId, io);
      expect((await store.runs.get(runId, io)).info.deletedTime).toBeGreaterThan(0);
      expect((await failureOf(store.runs.setTag(runId, 'k', 'v', io))).kind).toBe('invalid');
      expect((await failureOf(store.runs.update(runId, { status: 'FINISHED' }, io))).kind).toBe('invalid');
      await store.runs.restore(runId, io);
      await store.runs.restore(runId, io);
      expect((await store.runs.get(runId, io)).info).not.toHaveProperty('deletedTime');
      for (const verb of ['delete', 'restore', 'get'] as const) {
        expect((await failureOf(Promise.resolve(store.runs[verb]('absent', io)))).kind).toBe('not-found');
      }
    });

    it('reads NaN, the largest doubles and a step beyond 2^53', async () => {
      const database = await create();
      const store = await database.open();
      const { runId } = await store.runs.create(NEW_RUN, io);
      await database.tamper(
        `INSERT INTO latest_metrics VALUES ('nan', 0, 1, 2, true, '${runId}'), ('inf', 1.7976931348623157e308, 1, 9223372036854775807, false, '${runId}')`,
      );
      const { metrics } = await store.runs.get(runId, io);
      expect(metrics).toEqual([
        { key: 'inf', value: Number.MAX_VALUE, timestamp: 1, step: 2 ** 63 },
        { key: 'nan', value: Number.NaN, timestamp: 1, step: 2 },
      ]);
    });

    it('pages to the end, newest start first, and never loses a tag to the page size', async () => {
      const database = await create();
      const store = await database.open();
      const ids = Array.from({ length: 650 }, (_, i) => i.toString(16).padStart(32, '0'));
      const runs = ids.map((id, i) => {
        const start = i % 5 === 0 ? 'NULL' : String(i % 5);
        return `('${id}', 'FINISHED', ${start}, '${i % 50 === 0 ? 'deleted' : 'active'}', '', 0)`;
      });
      const tags = ids.flatMap((id) => times(9, (i) => `('k${i}', '${id}', '${id}')`));
      await database.tamper(
        `INSERT INTO runs (run_uuid, status, start_time, lifecycle_stage, artifact_uri, experiment_id) VALUES ${runs.join()}`,
        `INSERT INTO tags VALUES ${tags.join()}`,
      );
      const found = await collect(store.runs.search({ experimentIds: ['0'], view: 'all' }, io));
      const expected = await database.rows(
        'SELECT run_uuid FROM runs ORDER BY coalesce(start_time, -1) DESC, run_uuid',
      );
      expect(found.map((run) => run.info.runId)).toEqual(expected.map((row) => row['run_uuid']));
      for (const run of found) expect(run.tags).toMatchObject({ k0: run.info.runId, k8: run.info.runId });
      const deleted = await collect(store.runs.search({ experimentIds: ['0'], view: 'deleted_only' }, io));
      expect(deleted).toHaveLength(13);
      const tag = { key: 'k3', value: '0'.repeat(32) };
      expect(await collect(store.runs.search({ experimentIds: ['0'], view: 'all', tag }, io))).toHaveLength(
        1,
      );
      expect(await collect(store.runs.search({ experimentIds: [], view: 'all' }, io))).toEqual([]);
      const many = Array.from({ length: 40_000 }, (_, i) => String(i));
      expect(await collect(store.runs.search({ experimentIds: many, view: 'all' }, io))).toHaveLength(650);
      expect(await collect(store.runs.search({ experimentIds: many.slice(1), view: 'all' }, io))).toEqual([]);
    });

    it('reads more inputs and outputs than a statement gives', async () => {
      const database = await create();
      const store = await database.open();
      const { runId } = await store.runs.create(NEW_RUN, io);
      const values = (row: (i: number) => string): string => times(1201, (i) => `(${row(i)})`).join();
      await database.tamper(
        `INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source)
       VALUES ${values((i) => `'d${i}', 0, 'n${i}', 'x', 'local', '{}'`)}`,
        `INSERT INTO inputs VALUES ${values((i) => `'i${i}', 'DATASET', 'd${i}', 'RUN', '${runId}', 0`)}`,
        `INSERT INTO input_tags VALUES ${values((i) => `'i${i}', 'n', '${i}'`)}`,
        `INSERT INTO inputs VALUES ${values((i) => `'o${i}', 'RUN_OUTPUT', '${runId}', 'MODEL_OUTPUT', 'm${i}', ${i}`)}`,
      );
      const run = await store.runs.get(runId, io);
      expect(new Set(run.datasetInputs.map(({ dataset, tags }) => `${dataset.name} ${tags['n']}`))).toEqual(
        new Set(Array.from({ length: 1201 }, (_, i) => `n${i} ${i}`)),
      );
      expect(new Set(run.modelOutputs.map(({ modelId, step }) => `${modelId} ${step}`))).toEqual(
        new Set(Array.from({ length: 1201 }, (_, i) => `m${i} ${i}`)),
      );
    });

    it('links traces once, at most a hundred', async () => {
      const database = await create();
      const store = await database.open();
      const { runId } = await store.runs.create(NEW_RUN, io);
      await store.traces?.link(runId, ['t1', 't2', 't1'], io);
      await store.traces?.link(runId, ['t2', 't3'], io);
      const linked = await database.rows('SELECT source_id FROM entity_associations ORDER BY 1');
      expect(linked.map((row) => row['source_id'])).toEqual(['t1', 't2', 't3']);
      const many = Array.from({ length: 101 }, (_, i) => `t${i}`);
      expect((await failureOf(store.traces!.link(runId, many, io))).kind).toBe('invalid');
      expect((await failureOf(store.traces!.link('absent', ['t'], io))).kind).toBe('not-found');
    });

    it('drops the assessments of deleted runs and no others', async () => {
      const database = await create();
      const store = await database.open();
      const made = await Promise.all([1, 2, 3].map(() => store.runs.create(NEW_RUN, io)));
      const other = await store.experiments.create({ name: 'other', tags: {} }, io);
      made.push(await store.runs.create({ ...NEW_RUN, experimentId: other }, io));
      const assess = (id: string, metadata: string): string =>
        `INSERT INTO assessments (assessment_id, trace_id, name, assessment_type, value, created_timestamp, last_updated_timestamp, source_type, valid, assessment_metadata)
       VALUES ('${id}', 't', 'n', 'feedback', '1', 0, 0, 'HUMAN', true, '${metadata}')`;
      await database.tamper(
        "INSERT INTO trace_info (request_id, experiment_id, timestamp_ms, status) VALUES ('t', 0, 0, 'OK')",
        ...made.map((run, i) => assess(`a${i}`, `{"mlflow.assessment.sourceRunId": "${run.runId}"}`)),
        assess('free', '{}'),
      );
      const left = async (): Promise<unknown[]> =>
        (await database.rows('SELECT assessment_id FROM assessments ORDER BY 1')).map(
          (row) => row['assessment_id'],
        );
      await store.runs.delete(made[1]!.runId, io);
      expect(await left()).toEqual(['a0', 'a2', 'a3', 'free']);
      await store.experiments.delete('0', io);
      expect(await left()).toEqual(['a3', 'free']);
    });
  });
}
