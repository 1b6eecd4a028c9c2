import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { mustRunCli } from '../run-cli.ts';
import { gcPlace, type GcPlace } from './gc-place.ts';

const runsIn = (place: GcPlace) => place.rows('SELECT run_uuid FROM runs').map((row) => row['run_uuid']);

it.each([
  ['--run-ids', ''],
  ['--run-ids', ','],
  ['--older-than', ''],
  ['--experiment-ids', ''],
  ['--logged-model-ids', ''],
])('pitfall 1: %s %j takes nothing instead of everything', async (flag, value) => {
  const place = await gcPlace();
  const id = await place.run();
  expect((await place.gc(flag, value, '--yes')).code).toBe(2);
  expect(runsIn(place)).toEqual([id]);
  expect(existsSync(join(place.artifacts(id), 'd0', 'f0'))).toBe(true);
});

it('pitfall 1: ids take no more than they name, and none at all takes nothing', async () => {
  const place = await gcPlace();
  const [one, two] = [await place.run(), await place.run()];
  const bare = await place.gc();
  expect(bare.code).toBe(2);
  expect(bare.stderr).toContain('2 deleted runs');
  expect((await place.gc('--all-deleted')).code).toBe(2);
  const gone = await mustRunCli(['experiments', 'create', '-n', 'gone', '-q'], place);
  await mustRunCli(['experiments', 'delete', '-x', gone.trim()], place);
  expect((await place.gc('--run-ids', one)).items).toMatchObject([{ id: one, action: 'delete', objects: 3 }]);
  expect(runsIn(place)).toEqual([two]);
  expect(place.rows('SELECT name FROM experiments ORDER BY 1').map(({ name }) => name)).toContain('gone');
});

it.each([
  ['the root', (place: GcPlace) => join(place.cwd, 'arts')],
  ['the experiment', (place: GcPlace) => join(place.cwd, 'arts', '1')],
  ['a bucket', () => 's3://bucket'],
])('pitfall 2: never empties %s', async (_name, uri) => {
  const place = await gcPlace();
  const live = await place.run({ keep: true });
  const id = await place.run();
  place.sql(`UPDATE runs SET artifact_uri = '${uri(place)}' WHERE run_uuid = '${id}'`);
  const { code, items } = await place.gc('--run-ids', id, '--break-references');
  expect(code).toBe(4);
  expect(items).toMatchObject([
    { id, action: 'fail', reason: expect.stringContaining('whose files') as string },
  ]);
  expect(runsIn(place)).toContain(id);
  expect(existsSync(join(place.artifacts(live), 'd0', 'f0'))).toBe(true);
});

it('pitfall 2: leaves what only begins with the same name', async () => {
  const place = await gcPlace();
  const id = await place.run();
  const sibling = `${place.artifacts(id)}2`;
  await mkdir(sibling);
  await writeFile(join(sibling, 'f'), '');
  expect((await place.gc('--run-ids', id)).code).toBe(0);
  expect(existsSync(place.artifacts(id))).toBe(false);
  expect(existsSync(join(sibling, 'f'))).toBe(true);
});

const VERSION = (run: string, source: string, stage = 'None') => `
  INSERT INTO registered_models (name, workspace) VALUES ('m', 'default') ON CONFLICT DO NOTHING;
  INSERT INTO model_versions (name, version, workspace, current_stage, source, run_id)
    VALUES ('m', (SELECT count(*) + 1 FROM model_versions), 'default', '${stage}', '${source}', ${run});`;

it.each([
  ['source below it', (_id: string, at: string) => VERSION('NULL', `${at}/d0`)],
  ['source as a file: URI', (_id: string, at: string) => VERSION('NULL', `file://${at}/d0`)],
  ['source as a runs: URI', (id: string) => VERSION('NULL', `runs:/${id}/d0`)],
  ['the run itself', (id: string) => VERSION(`'${id}'`, 's3://elsewhere/model')],
])('pitfall 3: keeps what a model version needs: %s', async (_name, sql) => {
  const place = await gcPlace();
  const id = await place.run();
  const other = await place.run();
  place.sql(sql(id, place.artifacts(id)));
  const all = await place.gc('--all-deleted', '--yes');
  expect(all.code).toBe(0);
  expect(Object.fromEntries(all.items.map((item) => [item.id, item.action]))).toEqual({
    [id]: 'keep',
    [other]: 'delete',
  });
  expect((await place.gc('--run-ids', id)).code).toBe(8);
  expect(existsSync(join(place.artifacts(id), 'd0', 'f0'))).toBe(true);
  expect((await place.gc('--run-ids', id, '--break-references')).code).toBe(0);
  expect(runsIn(place)).toEqual([]);
});

it('pitfall 3: a deleted model version needs nothing', async () => {
  const place = await gcPlace();
  const id = await place.run();
  place.sql(VERSION(`'${id}'`, place.artifacts(id), 'Deleted_Internal'));
  expect((await place.gc('--all-deleted', '--yes')).items).toMatchObject([{ id, action: 'delete' }]);
});

it('pitfall 3: keeps what a live run shares, through a link too', async () => {
  const place = await gcPlace();
  const [live, id] = [await place.run({ keep: true }), await place.run()];
  await symlink(join(place.cwd, 'arts'), join(place.cwd, 'alias'));
  const alias = join(place.cwd, 'alias', '1', id, 'artifacts');
  place.sql(`UPDATE runs SET artifact_uri = '${alias}' WHERE run_uuid = '${live}'`);
  expect((await place.gc('--all-deleted', '--yes')).items).toMatchObject([{ id, action: 'keep' }]);
  expect(existsSync(join(place.artifacts(id), 'd0', 'f0'))).toBe(true);
});

it('pitfall 3: keeps an experiment whose dataset is the input of an active run elsewhere', async () => {
  const place = await gcPlace();
  const live = await place.run({ keep: true, files: 0 });
  const gone = (await mustRunCli(['experiments', 'create', '-n', 'gone', '-q'], place)).trim();
  await mustRunCli(['experiments', 'delete', '-x', gone], place);
  place.sql(`
    INSERT INTO datasets (dataset_uuid, experiment_id, name, digest, dataset_source_type, dataset_source)
      VALUES ('d', ${gone}, 'iris', '1', 'http', '{}');
    INSERT INTO inputs (input_uuid, source_type, source_id, destination_type, destination_id, step)
      VALUES ('i', 'DATASET', 'd', 'RUN', '${live}', 0)`);
  const { code, items } = await place.gc('--experiment-ids', gone);
  expect([code, items]).toMatchObject([8, [{ id: gone, action: 'keep' }]]);
  expect(items[0]?.reason).toContain(live);
  expect(place.rows('SELECT dataset_uuid FROM datasets')).toHaveLength(1);
  expect((await place.gc('--experiment-ids', gone, '--break-references')).code).toBe(0);
});

it('pitfall 4: keeps the row when a file could not be removed', async () => {
  const place = await gcPlace();
  const [id, other] = [await place.run(), await place.run()];
  const elsewhere = join(place.cwd, 'elsewhere');
  await rename(place.artifacts(id), elsewhere);
  await symlink(elsewhere, place.artifacts(id));
  const { code, items } = await place.gc('--all-deleted', '--yes');
  expect(code).toBe(4);
  expect(Object.fromEntries(items.map((item) => [item.id, item.action]))).toEqual({
    [id]: 'fail',
    [other]: 'delete',
  });
  expect(runsIn(place)).toEqual([id]);
  expect(await readdir(elsewhere)).toHaveLength(3);
});

it('pitfall 5: a run restored since the plan loses nothing', async () => {
  const place = await gcPlace();
  const [id, other] = [await place.run(), await place.run()];
  const plan = join(place.cwd, 'plan.jsonl');
  expect((await place.gc('--all-deleted', '--plan', plan)).code).toBe(0);
  expect(await readFile(plan, 'utf8')).not.toContain('arts');
  await mustRunCli(['runs', 'restore', '--run-id', id], place);
  const applied = await place.gc('--apply', plan);
  expect(applied.code).toBe(0);
  expect(Object.fromEntries(applied.items.map((item) => [item.id, item.action]))).toEqual({
    [id]: 'skip',
    [other]: 'delete',
  });
  expect(await readdir(place.artifacts(id))).toHaveLength(3);
});

it('pitfall 6: refuses a relative location until it is told where it starts', async () => {
  const place = await gcPlace();
  const id = await place.run();
  place.sql(`UPDATE runs SET artifact_uri = 'arts/1/${id}/artifacts' WHERE run_uuid = '${id}'`);
  const refused = await place.gc('--run-ids', id);
  expect(refused.code).toBe(4);
  expect(refused.items).toMatchObject([
    { action: 'fail', reason: expect.stringContaining('relative') as string },
  ]);
  expect(await readdir(place.artifacts(id))).toHaveLength(3);
  expect((await place.gc('--run-ids', id, '--artifact-base', place.cwd)).code).toBe(0);
  expect(existsSync(place.artifacts(id))).toBe(false);
});

it('pitfall 7: removes a link, never what it leads to', async () => {
  const place = await gcPlace();
  const id = await place.run();
  const shared = join(place.cwd, 'shared');
  await mkdir(shared);
  await writeFile(join(shared, 'precious'), '');
  await symlink(shared, join(place.artifacts(id), 'link'));
  expect((await place.gc('--run-ids', id)).code).toBe(0);
  expect(existsSync(place.artifacts(id))).toBe(false);
  expect(existsSync(join(shared, 'precious'))).toBe(true);
});

it('pitfall 9: an artifact root that is not what it was proves nothing', async () => {
  const place = await gcPlace();
  const id = await place.run();
  await rename(join(place.cwd, 'arts'), join(place.cwd, 'unmounted'));
  await mkdir(join(place.cwd, 'arts'));
  const empty = await place.gc('--all-deleted', '--yes');
  expect(empty.code).toBe(8);
  expect(empty.items).toMatchObject([{ id, action: 'keep' }]);
  await mkdir(join(place.cwd, 'arts', 'somebody-elses'));
  expect((await place.gc('--all-deleted', '--yes')).code).toBe(8);
  expect(runsIn(place)).toEqual([id]);
  expect((await place.gc('--all-deleted', '--yes', '--accept-missing')).code).toBe(0);
  expect(runsIn(place)).toEqual([]);
});

it('pitfall 10: one bad row stops no other', async () => {
  const place = await gcPlace();
  const ids = [await place.run(), await place.run(), await place.run()];
  place.sql(`UPDATE runs SET artifact_uri = 'gopher:%%nonsense' WHERE run_uuid = '${ids[1]}'`);
  const { code, items } = await place.gc('--all-deleted', '--yes');
  expect(code).toBe(4);
  expect(items.filter(({ action }) => action === 'delete')).toHaveLength(2);
  expect(items.filter(({ action }) => action === 'fail')).toMatchObject([{ id: ids[1] }]);
  expect(runsIn(place)).toEqual([ids[1]]);
});
