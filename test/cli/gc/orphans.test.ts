import { existsSync } from 'node:fs';
import { mkdir, readdir, rm, symlink, utimes, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { systemClock } from '../../../src/core/clock.ts';
import { lockSideFile } from '../../../src/tracking/sql/side-file-lock.ts';
import { mustRunCli, runCli } from '../run-cli.ts';
import { gcPlace, type GcPlace } from './gc-place.ts';

const [RUN, OTHER] = ['a'.repeat(32), 'b'.repeat(32)];
const MODEL = `m-${'c'.repeat(32)}`;
const TRACE = `tr-${'d'.repeat(32)}`;
const DAY = 24 * 60 * 60;

/** Writes a file below the root, a month ago unless told. */
async function leave(place: GcPlace, path: string, daysAgo = 30): Promise<string> {
  const file = join(place.cwd, 'arts', path);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, '12345');
  const then = Date.now() / 1000 - daysAgo * DAY;
  await utimes(file, then, then);
  await utimes(dirname(file), then, then);
  return file;
}

const orphans = (place: GcPlace, ...args: string[]) =>
  place.gc('--orphans', '--root', join(place.cwd, 'arts'), ...args);
const ALL = ['--max-delete', '100%'];

it('reports what no database records, and removes it only with --yes', async () => {
  const place = await gcPlace();
  const [live, deleted] = [await place.run({ keep: true }), await place.run()];
  const left = [
    await leave(place, `1/${RUN}/artifacts/a`),
    await leave(place, `${OTHER}/artifacts/deep/b`),
    await leave(place, `1/models/${MODEL}/artifacts/MLmodel`),
    await leave(place, `7/traces/${TRACE}/artifacts/traces.json`),
  ];
  const others = [
    await leave(place, 'notes.txt'),
    await leave(place, `1/${RUN}/other/a`),
    await leave(place, `1/${RUN}x/artifacts/a`),
    await leave(place, `deep/er/${RUN}/artifacts/a`),
    await leave(place, `1/datasets/artifacts/a`),
  ];
  const report = await orphans(place);
  expect(report.code).toBe(0);
  expect(report.items.map(({ kind, id, objects, action }) => [kind, id, objects, action]).sort()).toEqual([
    ['model', MODEL, 1, 'delete'],
    ['run', RUN, 1, 'delete'],
    ['run', OTHER, 1, 'delete'],
    ['trace', TRACE, 1, 'delete'],
  ]);
  expect(report.stdout).toContain('"in_use":2');
  expect(report.stderr).toContain('--also-backend');
  expect(left.every((file) => existsSync(file))).toBe(true);

  const { code, items, stdout } = await orphans(place, '--yes', ...ALL);
  expect([code, items.map(({ action }) => action)]).toEqual([0, Array(4).fill('delete')]);
  expect(stdout).toContain('"objects":4,"bytes":20');
  expect(left.some((file) => existsSync(file))).toBe(false);
  expect(others.every((file) => existsSync(file))).toBe(true);
  for (const id of [live, deleted]) expect(existsSync(join(place.artifacts(id), 'd0', 'f0'))).toBe(true);
  expect(place.rows('SELECT * FROM runs')).toHaveLength(2);
});

it('counts what is young as live, by the age of each object', async () => {
  const place = await gcPlace();
  await place.run({ keep: true });
  await leave(place, `1/${RUN}/artifacts/old`);
  const young = await leave(place, `1/${RUN}/artifacts/young`, 3);
  const report = await orphans(place, '--yes', ...ALL);
  expect([report.items, report.stdout.includes('"young":1')]).toEqual([[], true]);
  expect(existsSync(young)).toBe(true);
  expect((await orphans(place, '--yes', ...ALL, '--older-than', '2d')).items).toMatchObject([{ objects: 2 }]);
  expect(existsSync(young)).toBe(false);
});

it('takes an empty folder that stock gc left, and follows no link', async () => {
  const place = await gcPlace();
  await place.run({ keep: true });
  const file = await leave(place, `1/${RUN}/artifacts/a`);
  await rm(file);
  const then = Date.now() / 1000 - 30 * DAY;
  await utimes(dirname(file), then, then);
  await mkdir(join(place.cwd, 'shared'));
  await writeFile(join(place.cwd, 'shared', 'f'), '');
  await leave(place, `1/${OTHER}/artifacts/a`);
  await symlink(join(place.cwd, 'shared'), join(place.cwd, 'arts', '1', OTHER, 'artifacts', 'to'));
  expect((await orphans(place, '--yes', ...ALL, '--older-than', '0d')).code).toBe(0);
  expect(await readdir(join(place.cwd, 'arts', '1'))).not.toContain(RUN);
  expect(await readdir(join(place.cwd, 'arts', '1'))).not.toContain(OTHER);
  expect(existsSync(join(place.cwd, 'shared', 'f'))).toBe(true);
});

it.each([
  ['a tag', (at: string, run: string) => `INSERT INTO tags VALUES ('mlstow.artifactUri', '${at}', '${run}')`],
  [
    'the place of a run',
    (at: string, run: string) => `UPDATE runs SET artifact_uri = '${at}' WHERE run_uuid = '${run}'`,
  ],
  [
    'an id in a URI of another store',
    (_at: string, run: string) =>
      `UPDATE runs SET artifact_uri = 's3://b/x/${RUN}/artifacts/m' WHERE run_uuid = '${run}'`,
  ],
])('spares what is named by %s', async (_name, sql) => {
  const place = await gcPlace();
  const live = await place.run({ keep: true });
  const file = await leave(place, `1/${RUN}/artifacts/a`);
  place.sql(sql(dirname(file), live));
  expect((await orphans(place, '--yes', ...ALL)).items).toEqual([]);
  expect(existsSync(file)).toBe(true);
});

it('spares what another database records when it is told, and what a file store keeps beside its records', async () => {
  const place = await gcPlace();
  await place.run({ keep: true });
  const other = await gcPlace();
  const theirs = await other.run({ keep: true });
  const file = await leave(place, `1/${theirs}/artifacts/a`);
  const beside = await leave(place, `5/${OTHER}/artifacts/a`);
  await leave(place, `5/${OTHER}/meta.yaml`);
  const also = ['--also-backend', `sqlite:///${other.cwd}/mlflow.db`];
  expect((await orphans(place, '--yes', ...ALL, ...also)).items).toEqual([]);
  expect((await orphans(place, '--yes', ...ALL)).items).toMatchObject([{ id: theirs }]);
  expect([existsSync(file), existsSync(beside)]).toEqual([false, true]);
});

it('refuses more than a tenth unless told, a database without runs, and a root that is not there', async () => {
  const place = await gcPlace();
  const empty = await orphans(place, '--yes');
  expect([empty.code, empty.stderr]).toEqual([8, expect.stringContaining('records no run')]);
  await place.run({ keep: true });
  const file = await leave(place, `1/${RUN}/artifacts/a`);
  const many = await orphans(place, '--yes');
  expect([many.code, many.stderr]).toEqual([8, expect.stringContaining('1 of 4 objects are orphans')]);
  expect((await orphans(place)).stderr).toContain('would be refused');
  expect(existsSync(file)).toBe(true);
  const also = ['--also-backend', `sqlite:///${(await gcPlace()).cwd}/mlflow.db`];
  expect((await orphans(place, '--yes', ...ALL, ...also)).code).toBe(8);
  const away = await place.gc('--orphans', '--root', join(place.cwd, 'missing', 'x', 'y', 'z', 'w'));
  expect([away.code, away.stderr]).toEqual([8, expect.stringContaining('was not listed to its end')]);
  await rm(join(place.cwd, 'arts', '1', RUN), { recursive: true });
  await mkdir(join(place.cwd, 'arts', '1', RUN, 'artifacts'), { recursive: true });
  await writeFile(Buffer.from(`${place.cwd}/arts/1/${RUN}/artifacts/\xff`, 'latin1'), '');
  expect((await orphans(place, '--yes', ...ALL)).code).toBe(8);
});

it('removes nothing by the word of a schema that it does not know', async () => {
  const place = await gcPlace();
  await place.run({ keep: true });
  const file = await leave(place, `1/${RUN}/artifacts/a`);
  place.sql("UPDATE alembic_version SET version_num = 'ffff00000000'");
  expect((await orphans(place)).items).toMatchObject([{ id: RUN }]);
  expect((await orphans(place, '--yes', ...ALL)).code).toBe(8);
  expect(existsSync(file)).toBe(true);
  expect((await orphans(place, '--yes', ...ALL, '--accept-schema', 'ffff00000000')).code).toBe(0);
});

it('is one at a time with every other gc, and does not go with what picks rows', async () => {
  const place = await gcPlace();
  await place.run({ keep: true });
  for (const args of [
    ['--orphans'],
    ['--orphans', '--root', ''],
    ['--orphans', '--root', 'arts', '--all-deleted'],
    ['--orphans', '--root', 'arts', '--run-ids', 'x'],
    ['--orphans', '--root', 'arts', '--incomplete-uploads'],
    ['--orphans', '--root', 'arts', '--older-than', ''],
    ['--root', 'arts', '--all-deleted'],
    ['--orphans', '--root', 'arts', '--plan', 'p'],
  ])
    expect([args, (await place.gc(...args)).code]).toEqual([args, 2]);
  const io = { signal: new AbortController().signal };
  const path = join(place.cwd, 'mlflow.db.mlstow-gc.lock');
  const lock = await lockSideFile(path, { kind: 'exclusive' }, systemClock, io);
  expect((await orphans(place)).code).toBe(0);
  expect((await orphans(place, '--yes')).code).toBe(8);
  expect((await orphans(place, '--yes', '--skip-if-locked')).code).toBe(0);
  await lock?.release();
  const text = await runCli(['gc', '--orphans', '--root', 'arts'], place);
  expect(text.stdout).toBe('would delete nothing; 1 left out: in use\n');
  expect(await mustRunCli(['gc', '--help'], place)).toContain('--also-backend');
});
