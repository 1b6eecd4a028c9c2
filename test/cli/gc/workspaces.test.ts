import { expect, it } from 'vitest';
import { gcPlace, type GcPlace } from './gc-place.ts';

/** Moves the experiment of a place to a workspace. */
const move = (place: GcPlace, workspace: string) =>
  place.sql(`INSERT INTO workspaces (name) VALUES ('${workspace}');
    UPDATE experiments SET workspace = '${workspace}' WHERE experiment_id = ${place.experiment}`);

it('takes the default workspace, the one named, or all', async () => {
  const place = await gcPlace();
  const id = await place.run();
  move(place, 'team');
  expect((await place.gc('--all-deleted', '--yes')).items).toEqual([]);
  expect((await place.gc('--all-deleted', '--dry-run', '--workspace', 'team')).items).toMatchObject([{ id }]);
  expect((await place.gc('--all-deleted', '--yes', '--all-workspaces')).items).toMatchObject([
    { id, action: 'delete' },
  ]);
});

it.each([
  ['--all-deleted', '--yes'],
  ['--apply', 'plan.jsonl'],
  ['--orphans', '--root', 'arts'],
])('refuses one workspace and all of them at once: %s', async (...args) => {
  const place = await gcPlace();
  const id = await place.run();
  const { code, stderr } = await place.gc(...args, '--workspace', 'team', '--all-workspaces');
  expect([code, stderr]).toEqual([2, expect.stringContaining('both were given')]);
  expect(place.rows('SELECT run_uuid FROM runs')).toEqual([{ run_uuid: id }]);
});

it('does not take an id in another workspace for one that is gone', async () => {
  const place = await gcPlace();
  const id = await place.run();
  move(place, 'team');
  const other = await place.gc('--run-ids', `${id},nobody`);
  expect(other.code).toBe(4);
  expect(other.items.map(({ action }) => action).sort()).toEqual(['absent', 'keep']);
  expect((await place.gc('--run-ids', id, '--workspace', 'team')).code).toBe(0);
  expect(place.rows('SELECT * FROM runs')).toEqual([]);
});

it('needs of every workspace count', async () => {
  const place = await gcPlace();
  const [id, live] = [await place.run(), await place.run({ keep: true })];
  const other = await place.run({ keep: true, files: 0 });
  place.sql(`UPDATE runs SET artifact_uri = '${place.artifacts(id)}' WHERE run_uuid = '${other}'`);
  place.sql(`INSERT INTO workspaces (name) VALUES ('team');
    INSERT INTO experiments (experiment_id, name, workspace, lifecycle_stage) VALUES (77, 'x', 'team', 'active');
    UPDATE runs SET experiment_id = 77 WHERE run_uuid = '${other}'`);
  expect((await place.gc('--run-ids', id)).items).toMatchObject([{ id, action: 'keep' }]);
  expect(place.rows('SELECT run_uuid FROM runs')).toHaveLength([id, live, other].length);
});

it('refuses a workspace that the database cannot know', async () => {
  const place = await gcPlace();
  await place.run();
  place.sql('ALTER TABLE experiments RENAME COLUMN workspace TO ws');
  const { code, stderr } = await place.gc('--all-deleted', '--yes', '--workspace', 'team');
  expect([code, stderr]).toEqual([3, expect.stringContaining('has no workspaces')]);
});
