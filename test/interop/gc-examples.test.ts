import { mkdir, readdir, readFile, symlink } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { localGround, type GcGround } from '../faults/gc-ground.ts';
import { makeRecords } from '../faults/gc-records.ts';
import { bareEnvironment } from '../testbeds/bed.ts';
import { runCommand } from '../testbeds/run-command.ts';
import { MLSTOW } from './mlstow-command.ts';

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples');
const COUNTS = { deleted: 9, live: 2, needed: 1 };

let ground: GcGround;
let env: NodeJS.ProcessEnv;
beforeEach(async () => {
  ground = await localGround();
  await makeRecords(ground, COUNTS);
  const { cwd } = ground.place;
  await mkdir(join(cwd, 'bin'));
  await symlink(MLSTOW, join(cwd, 'bin', 'mlstow'));
  const bare = bareEnvironment(cwd);
  env = {
    ...bare,
    PATH: [join(cwd, 'bin'), bare['PATH']].join(delimiter),
    MLFLOW_BACKEND_STORE_URI: ground.uri(),
  };
});
afterEach(() => ground.stop());

const left = () => ground.column('SELECT count(*) FROM runs');

it('the script for cron collects, keeps quiet, and says where to look when a brake holds', async () => {
  const { cwd } = ground.place;
  const asked = { ...env, GC_LOGS: cwd, GC_METRICS: cwd, GC_AGE: '1d' };
  const script = join(EXAMPLES, 'cron', 'mlstow-gc.sh');
  const refused = await runCommand(script, [], { cwd, env: { ...asked, GC_MOST: '1' } });
  expect([refused.code, refused.stdout]).toEqual([8, '']);
  expect(refused.stderr).toContain('mlstow gc ended with 8');
  expect(await readFile(join(cwd, 'gc.log'), 'utf8')).toContain('--max-delete 1 allows 1');
  const done = await runCommand(script, [], { cwd, env: { ...asked, GC_MOST: '90%' } });
  expect(done).toMatchObject({ code: 0, stdout: '', stderr: '' });
  expect(await left()).toEqual([String(COUNTS.live + COUNTS.needed)]);
  expect(await readFile(join(cwd, 'mlstow_gc.prom'), 'utf8')).toContain('mlstow_gc_exit_code 0\n');
  expect((await readdir(cwd)).filter((name) => /^gc-.*\.jsonl$/.test(name))).toHaveLength(1);
});

interface Container {
  readonly command: readonly [string, ...string[]];
  readonly args: readonly string[];
}

/** The container of the job in an example. */
async function containerIn(name: string): Promise<Container> {
  const text = await readFile(join(EXAMPLES, 'kubernetes', name), 'utf8');
  const jobs = parseAllDocuments(text).map((each) => each.toJS() as Record<string, unknown>);
  let found: unknown = jobs.find(({ kind }) => kind === 'Job' || kind === 'CronJob');
  const isCron = (found as { kind: string }).kind === 'CronJob';
  const path = [...(isCron ? ['spec', 'jobTemplate'] : []), 'spec', 'template', 'spec', 'containers', '0'];
  for (const key of path) found = (found as Record<string, unknown>)[key];
  return found as Container;
}

async function runContainer(name: string, more: Readonly<Record<string, string>> = {}) {
  const { command, args } = await containerIn(name);
  const [file, ...first] = command;
  const { cwd } = ground.place;
  return runCommand(file, [...first, ...args], { cwd, env: { ...env, GC_SHARED: cwd, ...more } });
}

it('the jobs for Kubernetes write a plan and do it in shards', async () => {
  const { cwd } = ground.place;
  expect(await runContainer('plan.yaml')).toMatchObject({ code: 0 });
  expect(await left()).toEqual([String(COUNTS.deleted + COUNTS.live + COUNTS.needed)]);
  const shards = ['0', '1', '2', '3'].map((index) => ({ JOB_COMPLETION_INDEX: index, GC_SHARDS: '4' }));
  const ended = await Promise.all(shards.map((shard) => runContainer('apply.yaml', shard)));
  expect(ended.map(({ code, stderr }) => [code, stderr])).toEqual(shards.map(() => [0, '']));
  expect(await left()).toEqual([String(COUNTS.live + COUNTS.needed)]);
  expect((await readdir(cwd)).filter((name) => name.startsWith('report-'))).toHaveLength(4);
});

it('the cron job for Kubernetes refuses to take more than a tenth at once', async () => {
  const { code, stderr } = await runContainer('cronjob.yaml');
  expect([code, stderr]).toEqual([8, expect.stringContaining('--max-delete 10% allows 1')]);
  expect(await left()).toEqual([String(COUNTS.deleted + COUNTS.live + COUNTS.needed)]);
});
