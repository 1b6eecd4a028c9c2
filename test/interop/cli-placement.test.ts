import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mustRunCli, runCli, type CliPlace } from '../cli/run-cli.ts';
import { bedFolder } from '../testbeds/bed.ts';
import { startMlflowServer, type MlflowServer } from '../testbeds/mlflow.ts';

/** A stock server whose clients are told to write to a folder of their own machine: the classic mistake. */
let server: MlflowServer;
let shared = '';
let at: CliPlace;

beforeAll(async () => {
  const root = await bedFolder('root');
  server = await startMlflowServer({ serveArtifacts: false, defaultArtifactRoot: root });
  const cwd = await bedFolder('client');
  shared = join(cwd, 'shared');
  await mkdir(shared);
  at = { cwd, env: { MLFLOW_TRACKING_URI: server.url } };
});

afterAll(() => server.stop());

const CREATE = ['experiments', 'create', '-n'];

test("the server's choice of a local path is refused, the experiment is kept, and a retry says the same", async () => {
  const first = await runCli([...CREATE, 'chosen'], at);
  expect(first).toMatchObject({ code: 3, stdout: '' });
  const id = /experiment (\d+) /.exec(first.stderr)?.[1] ?? '';
  expect(first.stderr).toContain('is kept');
  expect(first.stderr).toContain('--shared-path');
  expect(await mustRunCli(['experiments', 'search', '-q'], at)).toContain(`${id}\n`);
  const retry = await runCli([...CREATE, 'chosen', '--if-not-exists'], at);
  expect(retry).toEqual(first);
  expect(await mustRunCli([...CREATE, 'chosen', '--if-not-exists', '--allow-local', '-q'], at)).toBe(
    `${id}\n`,
  );
});

test('a run in an experiment that is created with it is under the same rule', async () => {
  const result = await runCli(['runs', 'create', '--experiment-name', 'by a run'], at);
  expect(result).toMatchObject({ code: 3, stdout: '' });
});

test('a local location is refused before anything is created, unless it is shared', async () => {
  const refused = await runCli([...CREATE, 'local', '-l', shared], at);
  expect(refused).toMatchObject({ code: 3, stdout: '' });
  expect(refused.stderr).toContain(shared);
  expect((await runCli(['experiments', 'get', '-n', 'local'], at)).code).toBe(5);
  const place = ['-l', 'shared/below', '--shared-path', shared, '--check'];
  expect(await mustRunCli([...CREATE, 'local', ...place], at)).toMatch(
    /^Created experiment 'local' with id \d+\n$/,
  );
  expect(await mustRunCli(['experiments', 'get', '-n', 'local'], at)).toContain(
    `: ${join(shared, 'below')}\n`,
  );
  expect((await readdir(shared, { recursive: true })).filter((name) => name.includes('probe'))).toEqual([]);
});

test('callers at the same moment all get the experiment that one of them created', async () => {
  const asked = [...CREATE, 'raced', '-l', 's3://bucket/raced', '--if-not-exists', '--output', 'json'];
  const all = await Promise.all(Array.from({ length: 4 }, () => mustRunCli(asked, at)));
  const answers = all.map((line) => JSON.parse(line) as { experiment_id: string; created: boolean });
  expect(new Set(answers.map(({ experiment_id: id }) => id)).size).toBe(1);
  expect(answers.filter(({ created }) => created)).toHaveLength(1);
});

test('a retried task finds its run, and a deleted experiment comes back with a word on its runs', async () => {
  await mustRunCli([...CREATE, 'tasks', '-l', 's3://bucket/tasks'], at);
  const create = ['runs', 'create', '-n', 'tasks', '--idempotency-key', "a 'quoted' key", '-q'];
  const id = await mustRunCli([...create, '--status', 'running'], at);
  expect(await mustRunCli(create, at)).toBe(id);
  const described = await mustRunCli(['runs', 'describe', '-r', id.trim()], at);
  expect(described).toContain('"status": "FINISHED"');
  const experiment = /"experiment_id": "(\d+)"/.exec(described)?.[1] ?? '';
  await mustRunCli(['experiments', 'delete', '-x', experiment], at);
  const restored = await runCli([...CREATE, 'tasks', '--restore-if-deleted'], at);
  expect(restored).toMatchObject({ code: 0, stdout: `Restored experiment 'tasks' with id ${experiment}\n` });
  expect(restored.stderr).toContain('1 of its runs came back');
});

test('an archival policy is set and cleared through the server', async () => {
  await mustRunCli([...CREATE, 'archived', '-l', 's3://b/archived', '--trace-archival-retention', '30d'], at);
  const json = await mustRunCli(['experiments', 'get', '-n', 'archived', '--output', 'json'], at);
  const { experiment_id: id } = JSON.parse(json) as { experiment_id: string };
  expect(await mustRunCli(['experiments', 'update', '-x', id, '--clear-trace-archival-retention'], at)).toBe(
    `Updated experiment ${id}: cleared trace archival retention override.\n`,
  );
  expect(await mustRunCli(['experiments', 'get', '-x', id], at)).toMatch(/^Tags +: $/m);
});
