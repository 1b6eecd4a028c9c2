import { existsSync } from 'node:fs';
import { cp, mkdir, readdir, readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import type { GcItem } from '../../../src/cli/output/gc.ts';
import { systemClock } from '../../../src/core/clock.ts';
import { lockSideFile } from '../../../src/tracking/sql/side-file-lock.ts';
import { mustRunCli, runCli, type CliPlace } from '../run-cli.ts';
import { temporaryFolder } from '../temporary-folder.ts';

interface FilePlace extends CliPlace {
  readonly experiment: string;
  /** A run with two files, deleted unless told. */
  run(options?: { readonly keep?: boolean; readonly experiment?: string }): Promise<string>;
  /** A folder of the store. */
  at(...path: readonly string[]): string;
  gc(...args: string[]): Promise<{ code: number; stderr: string; items: readonly GcItem[] }>;
}

async function filePlace(): Promise<FilePlace> {
  const cwd = await temporaryFolder();
  const place: CliPlace = { cwd, env: { MLFLOW_TRACKING_URI: `file://${cwd}/mlruns` } };
  const experiment = (await mustRunCli(['experiments', 'create', '-n', 'e', '-q'], place)).trim();
  await writeFile(join(cwd, 'f'), '12345');
  return {
    ...place,
    experiment,
    at: (...path) => join(cwd, 'mlruns', ...path),
    run: async ({ keep = false, experiment: of = experiment } = {}) => {
      const id = (await mustRunCli(['runs', 'create', '--experiment-id', of, '-q'], place)).trim();
      for (const folder of ['a', 'b/c'])
        await mustRunCli(['artifacts', 'log', join(cwd, 'f'), '-r', id, '-a', folder], place);
      if (!keep) await mustRunCli(['runs', 'delete', '--run-id', id], place);
      return id;
    },
    gc: async (...args) => {
      const { code, stdout, stderr } = await runCli(['gc', '--output', 'jsonl', ...args], place);
      const lines = stdout.split('\n').filter((line) => line.startsWith('{"kind"'));
      return { code, stderr, items: lines.map((line) => JSON.parse(line) as GcItem) };
    },
  };
}

/** Writes a logged model as MLflow does. */
async function model(place: FilePlace, id: string, stage = 'deleted'): Promise<string> {
  const folder = place.at(place.experiment, 'models', id);
  await mkdir(join(folder, 'artifacts'), { recursive: true });
  await writeFile(join(folder, 'artifacts', 'MLmodel'), 'x');
  await writeFile(
    join(folder, 'meta.yaml'),
    `artifact_location: file://${folder}/artifacts\nexperiment_id: '${place.experiment}'\nlast_updated_timestamp: 5\nlifecycle_stage: ${stage}\nmodel_id: ${id}\n`,
  );
  return folder;
}

const MODEL = `m-${'c'.repeat(32)}`;

it('removes the folder of a deleted run, its files in it, and nothing else', async () => {
  const place = await filePlace();
  const [live, id] = [await place.run({ keep: true }), await place.run()];
  const dry = await place.gc('--all-deleted', '--dry-run');
  expect(dry.items).toMatchObject([{ kind: 'run', id, action: 'delete' }]);
  expect(existsSync(place.at(place.experiment, id, 'meta.yaml'))).toBe(true);
  const { code, items } = await place.gc('--older-than', '0d');
  expect([code, items]).toMatchObject([0, [{ id, action: 'delete', objects: 2, bytes: 10 }]]);
  expect((await readdir(place.at(place.experiment))).sort()).toEqual([live, 'meta.yaml'].sort());
  expect(existsSync(place.at(place.experiment, live, 'artifacts', 'b', 'c', 'f'))).toBe(true);
});

it('takes a deleted experiment out of the trash, whose files are no longer where they are recorded', async () => {
  const place = await filePlace();
  const gone = (await mustRunCli(['experiments', 'create', '-n', 'g', '-q'], place)).trim();
  const ids = [await place.run({ experiment: gone, keep: true }), await place.run({ experiment: gone })];
  await mustRunCli(['experiments', 'delete', '-x', gone], place);
  const { code, items } = await place.gc('--experiment-ids', gone);
  expect(code).toBe(0);
  expect(items.map(({ kind, action, objects }) => [kind, action, objects])).toEqual([
    ['run', 'delete', 2],
    ['run', 'delete', 2],
    ['experiment', 'delete', 0],
  ]);
  expect(items.map(({ id }) => id).sort()).toEqual([...ids, gone].sort());
  expect(await readdir(place.at('.trash'))).toEqual([]);
});

it('keeps a deleted experiment in which a run is active, with its files', async () => {
  const place = await filePlace();
  const gone = (await mustRunCli(['experiments', 'create', '-n', 'g', '-q'], place)).trim();
  const active = await place.run({ experiment: gone, keep: true });
  await place.run({ experiment: gone });
  await mustRunCli(['experiments', 'delete', '-x', gone], place);
  await mustRunCli(['runs', 'restore', '--run-id', active], place);
  const { code, items } = await place.gc('--all-deleted', '--yes');
  expect(code).toBe(0);
  expect(items).toMatchObject([
    { kind: 'run', action: 'delete' },
    { kind: 'experiment', action: 'keep', reason: expect.stringContaining(active) as string },
  ]);
  expect(existsSync(place.at('.trash', gone, active, 'artifacts', 'a', 'f'))).toBe(true);
  await mustRunCli(['experiments', 'restore', '-x', gone], place);
  expect(await mustRunCli(['runs', 'list', '--experiment-id', gone], place)).toContain(active);
});

it('removes deleted logged models, and none that is active', async () => {
  const place = await filePlace();
  await place.run({ keep: true });
  const [gone, live] = [await model(place, MODEL), await model(place, `m-${'d'.repeat(32)}`, 'active')];
  expect((await place.gc('--all-deleted', '--yes')).items).toMatchObject([{ kind: 'model', id: MODEL }]);
  expect([existsSync(gone), existsSync(join(live, 'artifacts', 'MLmodel'))]).toEqual([false, true]);
});

it.each([
  ['its place', (uri: string) => `source: ${uri}/a\n`],
  ['the run by its id', (_uri: string, id: string) => `run_id: ${id}\nsource: s3://elsewhere/x\n`],
  ['a runs: URI', (_uri: string, id: string) => `source: runs:/${id}/a\n`],
])('keeps what a model version names: %s', async (_name, names) => {
  const place = await filePlace();
  const gone = (await mustRunCli(['experiments', 'create', '-n', 'g', '-q'], place)).trim();
  const [id, trashed] = [await place.run(), await place.run({ experiment: gone, keep: true })];
  await mustRunCli(['experiments', 'delete', '-x', gone], place);
  for (const [version, experiment, run] of [
    ['1', place.experiment, id],
    ['2', gone, trashed],
  ] as const) {
    const folder = place.at('models', 'reg', `version-${version}`);
    await mkdir(folder, { recursive: true });
    const uri = `file://${place.at(experiment, run)}/artifacts`;
    await writeFile(join(folder, 'meta.yaml'), `name: reg\nversion: ${version}\n${names(uri, run)}`);
  }
  const kept = await place.gc('--run-ids', `${id},${trashed}`);
  expect(kept.code).toBe(8);
  expect(kept.items.map(({ action, reason }) => [action, reason])).toEqual([
    ['keep', expect.stringContaining('model version reg/1')],
    ['keep', expect.stringContaining('model version reg/2')],
  ]);
  for (const version of ['1', '2']) {
    const meta = place.at('models', 'reg', `version-${version}`, 'meta.yaml');
    await writeFile(meta, `${await readFile(meta, 'utf8')}current_stage: Deleted_Internal\n`);
  }
  expect((await place.gc('--run-ids', `${id},${trashed}`)).code).toBe(0);
});

const VERSION = 'current_stage: None\nname: reg\nsource: s3://elsewhere/x\nuser_id: u\nversion: 1\n';

it.each([
  ['no YAML', '{'],
  ['an empty file', ''],
  ['a file without its end', VERSION.slice(0, VERSION.indexOf('user_id'))],
  ['a source that is no text', VERSION.replace(/source:.*/, 'source: [a, b]')],
  ['no file at all', undefined],
])('deletes nothing while a model version cannot be read: %s', async (_name, damaged) => {
  const place = await filePlace();
  const [live, id] = [await place.run({ keep: true }), await place.run()];
  const meta = place.at('models', 'reg', 'version-1', 'meta.yaml');
  await mkdir(dirname(meta), { recursive: true });
  if (damaged !== undefined) await writeFile(meta, damaged);
  for (const args of [
    ['--run-ids', id],
    ['--all-deleted', '--dry-run'],
    ['--all-deleted', '--yes'],
  ]) {
    const { code, stderr, items } = await place.gc(...args);
    expect([code, items]).toEqual([8, []]);
    expect(stderr).toContain('the model version reg/1 needs');
    expect(stderr).toContain(`restore ${meta}`);
  }
  await writeFile(meta, VERSION);
  expect((await place.gc('--run-ids', id)).code).toBe(0);
  expect((await readdir(place.at(place.experiment))).sort()).toEqual([live, 'meta.yaml'].sort());
});

it('goes on where what is damaged names no place: the description of a registered model, a deleted version', async () => {
  const place = await filePlace();
  await place.run({ keep: true });
  const id = await place.run();
  await mkdir(place.at('models', 'reg', 'version-1'), { recursive: true });
  await writeFile(place.at('models', 'reg', 'meta.yaml'), '{');
  await writeFile(place.at('models', 'reg', 'version-1', 'meta.yaml'), 'current_stage: Deleted_Internal\n');
  expect(await place.gc('--run-ids', id)).toMatchObject({ code: 0, items: [{ action: 'delete' }] });
});

it('finishes what an earlier gc began to erase', async () => {
  const place = await filePlace();
  await place.run({ keep: true });
  const [half, late] = [await place.run(), await place.run()];
  const folder = (id: string) => place.at(place.experiment, id);
  await rm(join(folder(half), 'artifacts'), { recursive: true });
  await rm(join(folder(late), 'artifacts'), { recursive: true });
  await rm(join(folder(late), 'tags'), { recursive: true });
  await rename(join(folder(late), 'meta.yaml'), join(folder(late), '.mlstow.erasing'));
  const { code, items } = await place.gc('--all-deleted', '--yes');
  expect([code, items.map(({ action }) => action)]).toEqual([0, ['delete', 'delete']]);
  expect([existsSync(folder(half)), existsSync(folder(late))]).toEqual([false, false]);
});

it('finishes what an earlier gc had all but erased, though nothing else is there to prove the root', async () => {
  const place = await filePlace();
  const [half, last] = [await place.run(), await place.run()];
  const folder = (id: string) => place.at(place.experiment, id);
  await rename(join(folder(half), 'meta.yaml'), join(folder(half), '.mlstow.erasing'));
  await rename(join(folder(last), 'meta.yaml'), place.at(place.experiment, `.mlstow.erasing.${last}`));
  for (const name of await readdir(folder(last))) await rm(join(folder(last), name), { recursive: true });
  for (const name of await readdir(folder(half)))
    if (name !== '.mlstow.erasing') await rm(join(folder(half), name), { recursive: true });
  expect((await place.gc('--all-deleted', '--dry-run')).items).toMatchObject([
    { id: half, action: 'delete' },
  ]);
  expect(existsSync(folder(last))).toBe(true);
  const { code, items } = await place.gc('--all-deleted', '--yes');
  expect([code, items]).toMatchObject([0, [{ id: half, action: 'delete' }]]);
  expect(await readdir(place.at(place.experiment))).toEqual(['meta.yaml']);
});

it('takes no folder into which somebody wrote for one that was erased', async () => {
  const place = await filePlace();
  await place.run({ keep: true });
  const id = await place.run();
  const folder = place.at(place.experiment, id);
  await rename(join(folder, 'meta.yaml'), place.at(place.experiment, `.mlstow.erasing.${id}`));
  const { code, items } = await place.gc('--all-deleted', '--yes');
  expect([code, items]).toMatchObject([0, [{ id, action: 'delete', objects: 2 }]]);
  expect(existsSync(folder)).toBe(false);
});

it('follows no link, neither of a run nor of an experiment', async () => {
  const place = await filePlace();
  await place.run({ keep: true });
  const [id, linked] = [await place.run(), await place.run()];
  await cp(place.at(place.experiment, linked), join(place.cwd, 'real'), { recursive: true });
  await rm(place.at(place.experiment, linked), { recursive: true });
  await symlink(join(place.cwd, 'real'), place.at(place.experiment, linked));
  await mkdir(join(place.cwd, 'shared'));
  await writeFile(join(place.cwd, 'shared', 'f'), '');
  await symlink(join(place.cwd, 'shared'), place.at(place.experiment, id, 'artifacts', 'to'));
  const { code, items } = await place.gc('--run-ids', `${id},${linked}`);
  expect(code).toBe(4);
  expect(items.map((item) => [item.id, item.action])).toEqual(
    expect.arrayContaining([
      [id, 'delete'],
      [linked, 'fail'],
    ]),
  );
  expect(existsSync(join(place.cwd, 'shared', 'f'))).toBe(true);
  expect(existsSync(join(place.cwd, 'real', 'artifacts', 'a', 'f'))).toBe(true);
});

it('leaves a run whose folder holds files that its record does not name', async () => {
  const place = await filePlace();
  await place.run({ keep: true });
  const id = await place.run();
  const meta = place.at(place.experiment, id, 'meta.yaml');
  const text = await readFile(meta, 'utf8');
  const elsewhere = join(place.cwd, 'elsewhere', id, 'artifacts');
  await mkdir(elsewhere, { recursive: true });
  await writeFile(meta, text.replace(/^artifact_uri:.*$/m, `artifact_uri: ${elsewhere}`));
  const { code, items } = await place.gc('--run-ids', id);
  expect(code).toBe(4);
  expect(items).toMatchObject([{ action: 'fail', reason: expect.stringContaining('holds files') as string }]);
  expect(existsSync(meta)).toBe(true);
  expect(existsSync(place.at(place.experiment, id, 'artifacts', 'a', 'f'))).toBe(true);
});

it('takes more than a thousand runs, and passes over damaged ones', async () => {
  const place = await filePlace();
  const [live, id] = [await place.run({ keep: true }), await place.run()];
  const text = await readFile(place.at(place.experiment, id, 'meta.yaml'), 'utf8');
  for (let number = 0; number < 1100; number += 1) {
    const other = number.toString(16).padStart(32, '0');
    const folder = place.at(place.experiment, other);
    await mkdir(join(folder, 'artifacts'), { recursive: true });
    await writeFile(join(folder, 'meta.yaml'), text.replaceAll(id, other));
  }
  await mkdir(place.at(place.experiment, 'damaged'));
  await writeFile(place.at(place.experiment, 'damaged', 'meta.yaml'), '{');
  const { code, items, stderr } = await place.gc('--all-deleted', '--yes');
  expect([code, items.length]).toEqual([0, 1101]);
  expect(stderr.match(/damaged/g)).toHaveLength(2);
  expect((await readdir(place.at(place.experiment))).sort()).toEqual([live, 'damaged', 'meta.yaml'].sort());
});

it('lets one gc at a time work', async () => {
  const place = await filePlace();
  const id = await place.run();
  const io = { signal: new AbortController().signal };
  const lock = await lockSideFile(place.at('.mlstow-gc.lock'), { kind: 'exclusive' }, systemClock, io);
  expect((await place.gc('--run-ids', id)).code).toBe(8);
  await lock?.release();
  expect((await place.gc('--run-ids', id)).code).toBe(0);
});

it('does a plan that was made before', async () => {
  const place = await filePlace();
  const [live, id] = [await place.run(), await place.run()];
  const plan = join(place.cwd, 'plan.jsonl');
  await place.gc('--all-deleted', '--plan', plan);
  await mustRunCli(['runs', 'restore', '--run-id', live], place);
  const { items } = await place.gc('--apply', plan);
  expect(Object.fromEntries(items.map((item) => [item.id, item.action]))).toEqual({
    [live]: 'skip',
    [id]: 'delete',
  });
});
