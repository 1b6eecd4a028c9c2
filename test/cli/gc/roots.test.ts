import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { openLocalStore } from '../../../src/artifacts/stores/local/store.ts';
import { parseLocation } from '../../../src/core/location.ts';
import { whereOf } from '../../../src/gc/begun.ts';
import { subtreeOf } from '../../../src/gc/place.ts';
import { mustRunCli } from '../run-cli.ts';
import { gcPlace, type GcPlace } from './gc-place.ts';

/** An empty directory where the share was. */
async function unmount(place: GcPlace): Promise<void> {
  await rename(join(place.cwd, 'arts'), join(place.cwd, 'share'));
  await mkdir(join(place.cwd, 'arts'));
}

async function mount(place: GcPlace): Promise<void> {
  await rm(join(place.cwd, 'arts'), { recursive: true });
  await rename(join(place.cwd, 'share'), join(place.cwd, 'arts'));
}

/** As a gc that was killed after it had noted that it removes files. */
async function mark(place: GcPlace, id: string): Promise<void> {
  const subtree = subtreeOf('run', id, place.experiment, parseLocation(place.artifacts(id)));
  const where = await whereOf([subtree], async ({ path }) => openLocalStore(path));
  place.sql(`INSERT INTO tags (key, value, run_uuid)
    SELECT 'mlstow.collecting', deleted_time || ' ${where}', run_uuid FROM runs WHERE run_uuid = '${id}'`);
}

it('tells in a dry run and in a plan what would be kept for its root', async () => {
  const place = await gcPlace();
  const id = await place.run();
  await unmount(place);
  const dry = await place.gc('--all-deleted', '--dry-run');
  expect(dry.code).toBe(8);
  expect(dry.items).toMatchObject([
    { id, action: 'keep', reason: expect.stringContaining('--accept-missing') as string },
  ]);
  const plan = join(place.cwd, 'plan.jsonl');
  expect((await place.gc('--all-deleted', '--plan', plan)).code).toBe(8);
  expect(await readFile(plan, 'utf8')).not.toContain(id);
  const accepted = await place.gc('--all-deleted', '--dry-run', '--accept-missing');
  expect(accepted).toMatchObject({ code: 0, items: [{ id, action: 'delete' }] });
});

it('keeps what a killed gc began with while its root is not there', async () => {
  const place = await gcPlace();
  const [id, other] = [await place.run(), await place.run()];
  await mark(place, id);
  await mark(place, other);
  await rm(join(place.artifacts(id), '..'), { recursive: true });
  await unmount(place);
  expect((await place.gc('--all-deleted', '--yes')).code).toBe(8);
  expect(place.rows('SELECT * FROM runs')).toHaveLength(2);
  await mount(place);
  await rm(join(place.artifacts(other), '..'), { recursive: true });
  expect((await place.gc('--all-deleted', '--yes')).code).toBe(0);
  expect(place.rows('SELECT * FROM runs')).toEqual([]);
});

it('does not finish at another destination what a killed gc began with', async () => {
  const place = await gcPlace();
  const id = await place.run();
  await mark(place, id);
  place.sql(`UPDATE runs SET artifact_uri = 'mlflow-artifacts:/1/${id}/artifacts'`);
  const [right, wrong] = [join(place.cwd, 'arts'), join(place.cwd, 'wrong')];
  await mkdir(join(wrong, '1', 'theirs'), { recursive: true });
  for (const args of [['--yes'], ['--dry-run']]) {
    const refused = await place.gc('--all-deleted', ...args, '--artifacts-destination', wrong);
    expect([refused.code, refused.items]).toMatchObject([8, [{ id, action: 'keep' }]]);
    expect(refused.items[0]?.reason).toContain('an earlier gc began with it at another');
  }
  expect(place.rows('SELECT run_uuid FROM runs')).toEqual([{ run_uuid: id }]);
  await rm(join(place.artifacts(id), '..'), { recursive: true });
  expect((await place.gc('--all-deleted', '--yes', '--artifacts-destination', right)).code).toBe(0);
  expect(place.rows('SELECT run_uuid FROM runs')).toEqual([]);
});

it('takes a run that was restored and deleted again for one that nobody began with', async () => {
  const place = await gcPlace();
  const id = await place.run();
  await mark(place, id);
  await mustRunCli(['runs', 'restore', '--run-id', id], place);
  await mustRunCli(['runs', 'delete', '--run-id', id], place);
  await rm(join(place.artifacts(id), '..'), { recursive: true });
  expect((await place.gc('--all-deleted', '--yes')).code).toBe(8);
  expect(existsSync(join(place.cwd, 'arts', '1'))).toBe(true);
});

it.each([
  ['is not there', async () => undefined],
  ['is empty', async (path: string) => mkdir(path)],
  ['is another', async (path: string) => mkdir(join(path, 'theirs'), { recursive: true })],
])('keeps everything where the artifacts destination %s', async (_name, make) => {
  const place = await gcPlace();
  const id = await place.run();
  place.sql(`UPDATE runs SET artifact_uri = 'mlflow-artifacts:/1/${id}/artifacts'`);
  const wrong = join(place.cwd, 'wrong');
  await make(wrong);
  const refused = await place.gc('--all-deleted', '--yes', '--artifacts-destination', wrong);
  expect([refused.code, refused.items]).toMatchObject([8, [{ id, action: 'keep' }]]);
  expect(existsSync(join(place.artifacts(id), 'd0', 'f0'))).toBe(true);
  const right = join(place.cwd, 'arts');
  expect((await place.gc('--all-deleted', '--yes', '--artifacts-destination', right)).code).toBe(0);
  expect(existsSync(place.artifacts(id))).toBe(false);
});

it('does not take what a killed gc removed for a sign of another root', async () => {
  const place = await gcPlace();
  await place.run();
  for (let number = 10; number < 34; number += 1) {
    const id = `${'0'.repeat(30)}${number}`;
    place.sql(`
      INSERT INTO runs (run_uuid, lifecycle_stage, deleted_time, artifact_uri, experiment_id)
        VALUES ('${id}', 'deleted', 5, '${place.artifacts(id)}', ${place.experiment})`);
    await mark(place, id);
  }
  expect((await place.gc('--all-deleted', '--yes')).code).toBe(0);
  expect(place.rows('SELECT * FROM runs')).toEqual([]);
});
