import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { collect, failureOf, io, type CreateDatabase } from './database.ts';

/** What every database must do with experiments. */
export function experimentCases(title: string, create: CreateDatabase): void {
  describe(title, () => {
    it('places an experiment below the default root, under its id', async () => {
      const database = await create();
      const store = await database.open();
      const id = await store.experiments.create({ name: 'first', tags: { team: 'a/b', empty: '' } }, io);
      expect(await store.experiments.get(id, io)).toMatchObject({
        experimentId: '1',
        name: 'first',
        artifactLocation: join(database.cwd, 'mlruns', '1'),
        lifecycleStage: 'active',
        tags: { team: 'a/b', empty: '' },
        workspace: 'default',
      });
    });

    it.each([
      ['s3://bucket/root?x=1', 's3://bucket/root/1?x=1'],
      ['mlflow-artifacts:/', 'mlflow-artifacts:/1'],
      ['file:///srv/a', 'file:///srv/a/1'],
      ['s3://bucket', 's3://bucket/1'],
    ])('appends the id to the path of the root %s', async (root, location) => {
      const store = await (await create()).open({ defaultArtifactRoot: root });
      const id = await store.experiments.create({ name: 'x', tags: {} }, io);
      expect((await store.experiments.get(id, io)).artifactLocation).toBe(location);
    });

    it('makes a relative location absolute and keeps others as given', async () => {
      const database = await create();
      const store = await database.open();
      const made: string[] = [];
      for (const [name, location] of [
        ['a', 'store/a'],
        ['b', 'file:store/b'],
        ['c', 's3://bucket/c'],
      ] as const) {
        const id = await store.experiments.create({ name, artifactLocation: location, tags: {} }, io);
        made.push((await store.experiments.get(id, io)).artifactLocation);
      }
      expect(made).toEqual([
        join(database.cwd, 'store/a'),
        `file://${database.cwd}/store/b`,
        's3://bucket/c',
      ]);
    });

    it('refuses a name that is taken, and says how to free that of a deleted experiment', async () => {
      const store = await (await create()).open();
      const id = await store.experiments.create({ name: 'x', tags: {} }, io);
      const taken = await failureOf(store.experiments.create({ name: 'x', tags: {} }, io));
      expect(taken.kind).toBe('exists');
      await store.experiments.delete(id, io);
      const held = await failureOf(store.experiments.create({ name: 'x', tags: {} }, io));
      expect(held.kind).toBe('exists');
      expect(held.facts.hint).toContain(`restore -x ${id}`);
      expect(held.facts.hint).toContain('gc');
      expect((await store.experiments.findByName('x', io))?.lifecycleStage).toBe('deleted');
    });

    it.each([
      ['an empty name', { name: ' ', tags: {} }],
      ['a name of 501 characters', { name: 'n'.repeat(501), tags: {} }],
      [
        'a location of 2049 characters',
        { name: 'x', artifactLocation: `s3://${'b'.repeat(2044)}`, tags: {} },
      ],
      ['a tag that climbs', { name: 'x', tags: { '../x': '' } }],
      ['a tag with a question mark', { name: 'x', tags: { 'a?': '' } }],
      ['a tag with a doubled slash', { name: 'x', tags: { 'a//b': '' } }],
      ['a tag value of 20001 characters', { name: 'x', tags: { a: 'v'.repeat(20_001) } }],
    ])('refuses %s and creates nothing', async (_, experiment) => {
      const store = await (await create()).open();
      expect((await failureOf(store.experiments.create(experiment, io))).kind).toBe('invalid');
      expect(await collect(store.experiments.search({ view: 'all' }, io))).toHaveLength(1);
    });

    it('deletes with all runs, then restores all of them', async () => {
      const store = await (await create()).open();
      const id = await store.experiments.create({ name: 'x', tags: {} }, io);
      const kept = await store.runs.create({ experimentId: id, userId: 'u', startTime: 1, tags: {} }, io);
      const gone = await store.runs.create({ experimentId: id, userId: 'u', startTime: 2, tags: {} }, io);
      await store.runs.delete(gone.runId, io);
      await store.experiments.delete(id, io);
      const deleted = await store.runs.get(kept.runId, io);
      expect(deleted.info.lifecycleStage).toBe('deleted');
      expect(deleted.info.deletedTime).toBeGreaterThan(0);
      expect((await failureOf(store.experiments.delete(id, io))).kind).toBe('not-found');
      await store.experiments.restore(id, io);
      expect((await store.runs.get(gone.runId, io)).info).not.toHaveProperty('deletedTime');
      expect((await store.runs.get(gone.runId, io)).info.lifecycleStage).toBe('active');
      expect((await failureOf(store.experiments.restore(id, io))).kind).toBe('not-found');
    });

    it('renames an active experiment only, and never to a name that is taken', async () => {
      const store = await (await create()).open();
      const id = await store.experiments.create({ name: 'x', tags: {} }, io);
      await store.experiments.update(id, { name: 'y' }, io);
      expect((await store.experiments.get(id, io)).name).toBe('y');
      expect((await failureOf(store.experiments.update(id, { name: 'Default' }, io))).kind).toBe('exists');
      await store.experiments.delete(id, io);
      expect((await failureOf(store.experiments.update(id, { name: 'z' }, io))).kind).toBe('invalid');
    });

    it('sets and replaces a tag of an active experiment', async () => {
      const store = await (await create()).open();
      await store.experiments.setTag('0', 'k', '1', io);
      await store.experiments.setTag('0', 'k', '2', io);
      expect((await store.experiments.get('0', io)).tags).toEqual({ k: '2' });
      await store.experiments.delete('0', io);
      expect((await failureOf(store.experiments.setTag('0', 'k', '3', io))).kind).toBe('invalid');
    });

    it('pages newest first, then by id, with those that have no time last', async () => {
      const database = await create();
      const store = await database.open();
      for (let i = 0; i < 450; i += 1)
        await store.experiments.create({ name: `e${i}`, tags: { i: `${i}` } }, io);
      await database.tamper(
        'UPDATE experiments SET creation_time = experiment_id % 3',
        'UPDATE experiments SET creation_time = NULL WHERE experiment_id IN (7, 8)',
      );
      const found = await collect(store.experiments.search({ view: 'active_only' }, io));
      const expected = (
        await database.rows(
          'SELECT experiment_id FROM experiments ORDER BY coalesce(creation_time, -1) DESC, experiment_id',
        )
      ).map((row) => String(row['experiment_id']));
      expect(found.map((experiment) => experiment.experimentId)).toEqual(expected);
      expect(found.at(-1)?.tags).toEqual({ i: '7' });
      const few = await collect(store.experiments.search({ view: 'all', maxResults: 205 }, io));
      expect(few.map((experiment) => experiment.experimentId)).toEqual(expected.slice(0, 205));
      expect(await collect(store.experiments.search({ view: 'all', maxResults: 0 }, io))).toEqual([]);
      expect(await collect(store.experiments.search({ view: 'deleted_only' }, io))).toEqual([]);
    });

    it('says not-found for an unknown id and invalid for one that is no number', async () => {
      const store = await (await create()).open();
      expect((await failureOf(store.experiments.get('99', io))).kind).toBe('not-found');
      expect((await failureOf(store.experiments.get('0; DROP TABLE runs', io))).kind).toBe('invalid');
      expect(await store.experiments.findByName('nobody', io)).toBeUndefined();
    });

    it('refuses a retention, which only servers keep', async () => {
      const store = await (await create()).open();
      const wanted = { name: 'x', tags: {}, traceArchivalRetention: '30d' };
      expect((await failureOf(store.experiments.create(wanted, io))).kind).toBe('unsupported');
    });

    it('sees only its own workspace, and places experiments below it', async () => {
      const database = await create();
      await (await database.open()).experiments.create({ name: 'x', tags: {} }, io);
      await database.tamper("INSERT INTO workspaces (name) VALUES ('team')");
      const team = await database.open({ workspace: 'team' });
      const id = await team.experiments.create({ name: 'x', tags: {} }, io);
      expect((await team.experiments.get(id, io)).artifactLocation).toBe(
        join(database.cwd, 'mlruns/workspaces/team', id),
      );
      expect(await collect(team.experiments.search({ view: 'all' }, io))).toHaveLength(1);
      expect((await failureOf(team.experiments.get('0', io))).kind).toBe('not-found');
      const run = await team.runs.create({ experimentId: id, userId: 'u', startTime: 1, tags: {} }, io);
      const other = await database.open({ intent: 'read' });
      expect((await failureOf(other.runs.get(run.runId, io))).kind).toBe('not-found');
      const lost = await database.open({ workspace: 'lost' });
      expect((await failureOf(lost.experiments.create({ name: 'y', tags: {} }, io))).kind).toBe('not-found');
    });
  });
}
