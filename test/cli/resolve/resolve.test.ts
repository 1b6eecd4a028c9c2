import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { mustRunCli, runCli } from '../run-cli.ts';
import { temporaryFolder } from '../temporary-folder.ts';

let cwd: string;
let runId: string;

beforeEach(async () => {
  cwd = await temporaryFolder();
  await mustRunCli(['experiments', 'create', '-n', 'churn', '-l', 's3://bucket/churn'], { cwd });
  runId = (await mustRunCli(['runs', 'create', '-x', '1', '--status', 'running', '-q'], { cwd })).trim();
});

const resolve = async (target: string, ...flags: string[]) => runCli(['resolve', target, ...flags], { cwd });
const ofRun = (path = ''): string => `s3://bucket/churn/${runId}/artifacts${path}`;

interface Told {
  readonly location: string;
  readonly also: readonly string[];
  readonly store: string;
  readonly items: readonly { readonly found: string; readonly origin: string }[];
}

describe('resolve', () => {
  test.each<[string, () => string, () => string, string]>([
    ['a run', () => runId, () => ofRun(), 's3'],
    ['a runs: URI', () => `runs:/${runId}/model/x`, () => ofRun('/model/x'), 's3'],
    ['an experiment by name', () => 'experiment:churn', () => 's3://bucket/churn', 's3'],
    ['an experiment by id', () => 'experiment:1', () => 's3://bucket/churn', 's3'],
    ['a URI of a store', () => 's3://other/x', () => 's3://other/x', 's3'],
    ['a path', () => './here', () => join(cwd, 'here'), 'local'],
  ])('%s, in every mode', async (_, target, location, store) => {
    expect(await resolve(target(), '-q')).toMatchObject({ code: 0, stdout: `${location()}\n`, stderr: '' });
    const { stdout } = await resolve(target(), '--output', 'json', '--verbose');
    const told = JSON.parse(stdout) as Told;
    expect(told).toMatchObject({ schema: 'mlstow.resolve/1', location: location(), also: [], store });
    const text = (await resolve(target())).stdout;
    expect(text.startsWith(`${location()}\nstore: ${store}\nsteps:\n  1. `)).toBe(true);
    for (const { found, origin } of told.items) expect(text).toContain(`${found}  (${origin}`);
    const lines = (await resolve(target(), '--output', 'jsonl')).stdout.trimEnd().split('\n');
    expect(lines.slice(0, -1).map((line) => JSON.parse(line) as object)).toEqual(told.items);
  });

  test('a step names who said it: the database, the run', async () => {
    const { items } = JSON.parse((await resolve(runId, '--output', 'json')).stdout) as Told;
    expect(items[0]).toMatchObject({ found: `run ${runId}`, origin: `sqlite:///${cwd}/mlflow.db` });
    expect(items[1]).toEqual({ found: ofRun(), origin: 'artifact URI of the run' });
  });

  test('behind a tracking server it is the proxy at its address', async () => {
    const flags = ['--tracking-uri', 'http://ada:hunter2@tracking:5000/prefix', '--output', 'json'];
    const { stdout, stderr } = await resolve('mlflow-artifacts:/1/r/artifacts', ...flags);
    const told = JSON.parse(stdout) as Told;
    expect(told.store).toBe('proxy');
    expect(told.location).toBe(
      'http://tracking:5000/prefix/api/2.0/mlflow-artifacts/artifacts/1/r/artifacts',
    );
    expect(stdout + stderr).not.toContain('hunter2');
  });

  test.each<[string, string, number, string]>([
    ['a missing run', 'f'.repeat(32), 5, 'no run'],
    ['a missing experiment', 'experiment:nobody', 5, 'nobody'],
    ['a scheme of Databricks', 'dbfs:/x', 3, 'Databricks'],
    ['nothing', '', 2, 'names nothing'],
    ['an artifact behind no server', 'mlflow-artifacts:/x', 3, 'not an http(s) one'],
    ['a missing model', 'models:/nobody/1', 5, 'nobody'],
  ])('%s', async (_, target, code, says) => {
    const result = await resolve(target);
    expect(result, result.stderr).toMatchObject({ code, stdout: '' });
    expect(result.stderr).toContain(says);
  });
});
