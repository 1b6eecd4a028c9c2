import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { lockSideFile } from '../../../src/tracking/sql/side-file-lock.ts';
import { mustRunCli, runCli } from '../run-cli.ts';
import { gcPlace } from './gc-place.ts';

const actions = (items: readonly { readonly id: string; readonly action: string }[]) =>
  Object.fromEntries(items.map(({ id, action }) => [id, action]));

it('removes a deleted experiment with what is in it, and nothing of a live one', async () => {
  const place = await gcPlace();
  const live = await place.run({ keep: true });
  const root = join(place.cwd, 'arts', '2');
  const gone = (await mustRunCli(['experiments', 'create', '-n', 'g', '-q', '-l', root], place)).trim();
  const ids = [
    await place.run({ experiment: gone, keep: true }),
    await place.run({ experiment: gone, keep: true }),
  ];
  await mustRunCli(['experiments', 'delete', '-x', gone], place);
  const { code, items } = await place.gc('--experiment-ids', gone);
  expect(code).toBe(0);
  expect(items.map(({ kind }) => kind)).toEqual(['run', 'run', 'experiment']);
  expect(ids.some((id) => existsSync(join(root, id)))).toBe(false);
  expect(place.rows('SELECT run_uuid FROM runs')).toEqual([{ run_uuid: live }]);
  expect(place.rows(`SELECT * FROM experiments WHERE experiment_id = ${gone}`)).toEqual([]);
});

it('keeps a deleted experiment in which a run is active, and says so', async () => {
  const place = await gcPlace();
  const root = join(place.cwd, 'arts', '2');
  const gone = (await mustRunCli(['experiments', 'create', '-n', 'g', '-q', '-l', root], place)).trim();
  const active = await place.run({ experiment: gone, keep: true });
  await mustRunCli(['experiments', 'delete', '-x', gone], place);
  await mustRunCli(['runs', 'restore', '--run-id', active], place);
  const { code, items } = await place.gc('--all-deleted', '--yes');
  expect(code).toBe(0);
  expect(items).toMatchObject([
    { kind: 'experiment', id: gone, action: 'keep', reason: expect.stringContaining(active) as string },
  ]);
  expect(existsSync(join(root, active, 'artifacts', 'd0', 'f0'))).toBe(true);
});

it('tells ids that are active from ids that are gone', async () => {
  const place = await gcPlace();
  const [live, id] = [await place.run({ keep: true }), await place.run()];
  const mixed = await place.gc('--run-ids', `${live},${id},nobody`);
  expect(mixed.code).toBe(4);
  expect(actions(mixed.items)).toEqual({ [live]: 'keep', [id]: 'delete', nobody: 'absent' });
  expect((await place.gc('--run-ids', id)).code).toBe(0);
});

it('removes files where the tag mlstow.artifactUri records them, and the unfinished ones', async () => {
  const place = await gcPlace();
  const id = await place.run({ files: 1, keep: true });
  const elsewhere = join(place.cwd, 'elsewhere');
  const file = join(place.cwd, 'source', 'more');
  await writeFile(file, '1');
  const env = { MLFLOW_ARTIFACT_URI: elsewhere };
  await mustRunCli(['artifacts', 'log', file, '-r', id], { cwd: place.cwd, env });
  await writeFile(join(place.artifacts(id), '.artifact.uploading.x'), 'half');
  await mustRunCli(['runs', 'delete', '--run-id', id], place);
  expect((await place.gc('--run-ids', id)).items).toMatchObject([{ action: 'delete', objects: 2 }]);
  expect(existsSync(join(elsewhere, place.experiment, id))).toBe(false);
  expect(existsSync(join(place.cwd, 'arts', '1', id))).toBe(false);
});

it('takes no undated run, and counts it', async () => {
  const place = await gcPlace();
  const id = await place.run();
  place.sql('UPDATE runs SET deleted_time = NULL');
  const { stdout, items } = await place.gc('--all-deleted', '--yes');
  expect([items, stdout.includes('"undated":1')]).toEqual([[], true]);
  expect((await place.gc('--older-than', '0d', '--include-undated')).items).toMatchObject([{ id }]);
});

it('protects what carries a tag, and what is young', async () => {
  const place = await gcPlace();
  const kept = await place.run({ files: 0, keep: true });
  place.sql(`INSERT INTO tags (key, value, run_uuid) VALUES ('keep', 'yes', '${kept}')`);
  await mustRunCli(['runs', 'delete', '--run-id', kept], place);
  await place.run({ files: 1 });
  expect((await place.gc('--older-than', '1d')).items).toEqual([]);
  expect((await place.gc('--older-than', '0d', '--protect-tag', 'keep=yes')).items).toHaveLength(1);
  expect(place.rows('SELECT run_uuid FROM runs')).toEqual([{ run_uuid: kept }]);
});

it('refuses more than --max-delete allows before it touches anything', async () => {
  const place = await gcPlace();
  await place.run({ keep: true });
  await place.run();
  expect((await place.gc('--all-deleted', '--yes', '--max-delete', '49%')).code).toBe(8);
  expect(place.rows('SELECT * FROM runs')).toHaveLength(2);
  expect((await place.gc('--all-deleted', '--yes', '--max-delete', '50%')).code).toBe(0);
});

it('refuses an unknown schema unless that very one is accepted', async () => {
  const place = await gcPlace();
  const id = await place.run();
  place.sql("UPDATE alembic_version SET version_num = 'ffff00000000'");
  expect((await place.gc('--run-ids', id, '--dry-run')).items).toMatchObject([{ id, action: 'delete' }]);
  expect((await place.gc('--run-ids', id)).code).toBe(8);
  expect((await place.gc('--run-ids', id, '--accept-schema', 'another')).code).toBe(8);
  expect((await place.gc('--run-ids', id, '--accept-schema', 'ffff00000000')).code).toBe(0);
});

it('lets one gc at a time work, and shards of a plan beside each other', async () => {
  const place = await gcPlace();
  const id = await place.run();
  const path = join(place.cwd, 'mlflow.db.mlstow-gc.lock');
  const io = { signal: new AbortController().signal };
  const lock = await lockSideFile(path, { kind: 'exclusive' }, systemClock, io);
  expect((await place.gc('--run-ids', id)).code).toBe(8);
  expect((await place.gc('--run-ids', id, '--skip-if-locked')).code).toBe(0);
  await lock?.release();
  const ask = (shard: number) => ({ kind: 'shard', plan: 'p', shard }) as const;
  const one = await lockSideFile(path, ask(0), systemClock, io);
  expect(await lockSideFile(path, ask(0), systemClock, io)).toBeUndefined();
  const two = await lockSideFile(path, ask(1), systemClock, io);
  expect([one, two]).not.toContain(undefined);
  expect((await place.gc('--run-ids', id)).code).toBe(8);
  await one?.release();
  await two?.release();
  expect((await place.gc('--run-ids', id)).code).toBe(0);
});

it('does a plan in shards, an experiment when the last of its runs is gone', async () => {
  const place = await gcPlace();
  const root = join(place.cwd, 'arts', '2');
  const gone = (await mustRunCli(['experiments', 'create', '-n', 'g', '-q', '-l', root], place)).trim();
  for (let number = 0; number < 3; number += 1) await place.run({ experiment: gone, keep: true, files: 1 });
  await mustRunCli(['experiments', 'delete', '-x', gone], place);
  const plan = join(place.cwd, 'plan.jsonl');
  const planned = await place.gc('--all-deleted', '--plan', plan);
  expect(planned.stderr).toBe(`the plan is in ${plan}; do what it says with: mlstow gc --apply ${plan}\n`);
  const first = await place.gc('--apply', plan, '--shard', '1/2');
  const last = await place.gc('--apply', plan, '--shard', '2/2');
  expect([first.code, last.code]).toEqual([0, 0]);
  expect(place.rows('SELECT * FROM runs')).toEqual([]);
  expect(place.rows(`SELECT * FROM experiments WHERE experiment_id = ${gone}`)).toEqual([]);
});

it('writes a report and metrics', async () => {
  const place = await gcPlace();
  const id = await place.run();
  const [report, metrics] = [join(place.cwd, 'report.jsonl'), join(place.cwd, 'gc.prom')];
  await place.gc('--run-ids', id, '--report', report, '--metrics-file', metrics);
  const lines = (await readFile(report, 'utf8')).trim().split('\n');
  expect(lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    { kind: 'run', id, action: 'delete', objects: 3, bytes: 15 },
    { schema: 'mlstow.gc/1', objects: 3 },
  ]);
  const text = await readFile(metrics, 'utf8');
  expect(text).toContain('mlstow_gc_items{kind="run",action="delete"} 1\n');
  expect(text).toContain('mlstow_gc_exit_code 0\n');
});

it('prints bare ids with -q, and what would happen with --dry-run', async () => {
  const place = await gcPlace();
  const id = await place.run();
  const dry = await runCli(['gc', '--run-ids', id, '--dry-run'], place);
  expect(dry.stdout).toBe(`would delete run ${id} at ${place.artifacts(id)}\nwould delete 1 run\n`);
  expect((await runCli(['gc', '--run-ids', id, '-q'], place)).stdout).toBe(`${id}\n`);
});

it('refuses what it does not do, in a sentence', async () => {
  const place = await gcPlace();
  expect((await place.gc('--jobs')).stderr).toContain('mlflow gc --jobs');
  expect((await place.gc('--shard', '0/2')).code).toBe(2);
  expect((await place.gc('--all-deleted', '--tracking-uri', 'http://127.0.0.1:1', '--yes')).code).toBe(3);
});
