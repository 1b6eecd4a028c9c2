import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bedFolder } from '../testbeds/bed.ts';
import { startMlflowServer, type MlflowServer } from '../testbeds/mlflow.ts';
import { startVersitygw, type S3Bed } from '../testbeds/s3.ts';
import { s3Environment } from './configurations.ts';
import { askMlstow, mustRunMlstow, runMlstow, type Place } from './mlstow-command.ts';
import { askStock } from './stock-client.ts';
import { filesOf, treeOf } from './tree-of.ts';

const ROOT = 's3://elsewhere/some/root';
const TAG = 'mlstow.artifactUri';

let dir = '';
let server: MlflowServer;
let s3: S3Bed;
/** Whoever reads, and whoever writes below a root of their own. */
let reader: Place;
let writer: Place;

beforeAll(async () => {
  dir = await bedFolder('artifact-uri');
  s3 = await startVersitygw();
  await s3.createBucket('elsewhere');
  server = await startMlflowServer();
  const env = { MLFLOW_TRACKING_URI: server.url, ...s3Environment(s3) };
  reader = { cwd: dir, env };
  writer = { cwd: dir, env: { ...env, MLFLOW_ARTIFACT_URI: ROOT } };
  for (const [file, text] of [
    ['first/own.txt', 'own'],
    ['first/both.txt', 'of the server'],
    ['second/both.txt', 'of the other root'],
    ['second/deep/elsewhere.txt', 'elsewhere'],
  ] as const) {
    await mkdir(join(dir, file, '..'), { recursive: true });
    await writeFile(join(dir, file), text);
  }
});

afterAll(async () => {
  await server.stop();
  await s3.stop();
  await rm(dir, { recursive: true });
});

async function keys(): Promise<readonly string[]> {
  const { Contents = [] } = await s3.client.send(new ListObjectsV2Command({ Bucket: 'elsewhere' }));
  return Contents.map(({ Key }) => Key ?? '');
}

async function newRun(): Promise<string> {
  return askMlstow(['runs', 'create', '--experiment-id', '0', '--status', 'running'], reader);
}

interface StockView {
  readonly sizes: Readonly<Record<string, number>>;
  readonly tags: Readonly<Record<string, string>>;
  readonly artifactUri: string;
  readonly location: string;
  readonly text: { readonly value?: string; readonly error?: string };
}

const SCRIPT = `
def view(run_id):
    run = client.get_run(run_id)
    def read():
        with open(mlflow.artifacts.download_artifacts(run_id=run_id, artifact_path="both.txt")) as file:
            return file.read()
    return {"sizes": sizes(run_id), "tags": run.data.tags, "artifactUri": run.info.artifact_uri, "text": told(read),
        "location": client.get_experiment(run.info.experiment_id).artifact_location}
answer = [view(run_id) for run_id in asked]
`;

test('a new experiment of this process is below its root, for stock clients as well', async () => {
  const experiment = await askMlstow(['experiments', 'create', '-n', 'below the root'], writer);
  const run = await askMlstow(['runs', 'create', '--experiment-id', experiment], writer);
  const { stderr } = await mustRunMlstow(['artifacts', 'log', 'second/', '-r', run], writer);
  expect(stderr).not.toContain('stock');
  const [seen] = await askStock<StockView[]>({ dir, env: reader.env }, SCRIPT, [run]);
  expect(seen?.location).toMatch(/^s3:\/\/elsewhere\/some\/root\/[0-9a-f]{32}$/);
  expect(seen?.artifactUri).toBe(`${seen?.location ?? ''}/${run}/artifacts`);
  expect(seen?.sizes).toEqual({ 'both.txt': 17, deep: -1, 'deep/elsewhere.txt': 9 });
  expect(seen?.text).toEqual({ value: 'of the other root' });
  expect(seen?.tags).not.toHaveProperty([TAG]);
});

describe('a run whose own URI is at the server', () => {
  let run = '';
  let said = '';
  let place = '';

  beforeAll(async () => {
    run = await newRun();
    place = `${ROOT}/0/${run}/artifacts`;
    await mustRunMlstow(['artifacts', 'log', 'first/', '-r', run], reader);
    said = (await mustRunMlstow(['artifacts', 'log', 'second/', '-r', run], writer)).stderr;
  });

  test('gets the artifacts below the root, and the place on the run', async () => {
    const below = (await keys()).filter((key) => key.includes(run));
    expect(below).toEqual([
      `some/root/0/${run}/artifacts/both.txt`,
      `some/root/0/${run}/artifacts/deep/elsewhere.txt`,
    ]);
    expect(said).toContain(
      `artifacts go to ${place} because of MLFLOW_ARTIFACT_URI; stock MLflow clients read only the run's own URI`,
    );
    expect(await askMlstow(['artifacts', 'log', 'first/own.txt', '-r', run, '-a', 'again'], writer)).toBe(
      `${place}/again/own.txt`,
    );
  });

  test('is read in both places by those who do not know the root; what is in both once, with a warning', async () => {
    const { stdout, stderr } = await mustRunMlstow(
      ['artifacts', 'list', '-r', run, '-R', '--output', 'json'],
      reader,
    );
    const { items } = JSON.parse(stdout) as { items: { path: string; file_size?: number }[] };
    const listed = items.map(({ path, file_size: size }) => [path, size]).sort();
    expect(listed).toEqual([
      ['again/own.txt', 3],
      ['both.txt', 17],
      ['deep/elsewhere.txt', 9],
      ['own.txt', 3],
    ]);
    expect(stderr).toContain(`both.txt is in two places; the copy at ${place} is taken`);
    expect(stderr.match(/two places/g)).toHaveLength(1);
  });

  test('is downloaded from both places', async () => {
    const target = join(dir, 'merged');
    await mustRunMlstow(['artifacts', 'download', '-r', run, '-d', target], reader);
    const [first, second] = [await treeOf(join(dir, 'first')), filesOf(await treeOf(join(dir, 'second')))];
    expect(filesOf(await treeOf(target))).toEqual({
      ...second,
      'own.txt': first['own.txt'],
      'again/own.txt': first['own.txt'],
    });
    await rm(target, { recursive: true });
  });

  test.each([
    { path: 'both.txt', from: 'second/both.txt' },
    { path: 'own.txt', from: 'first/own.txt' },
    { path: 'deep/elsewhere.txt', from: 'second/deep/elsewhere.txt' },
  ])('gives $path from where it is', async ({ path, from }) => {
    const target = join(dir, 'one');
    const local = await askMlstow(
      ['artifacts', 'download', '-u', `runs:/${run}/${path}`, '-d', target],
      reader,
    );
    expect(await treeOf(local)).toEqual(await treeOf(join(dir, from)));
    await rm(target, { recursive: true });
  });

  test('is the same as ever for the stock client', async () => {
    const [seen] = await askStock<StockView[]>({ dir, env: reader.env }, SCRIPT, [run]);
    expect(seen?.sizes).toEqual({ 'both.txt': 13, 'own.txt': 3 });
    expect(seen?.text).toEqual({ value: 'of the server' });
    expect(seen?.tags[TAG]).toBe(place);
    expect(seen?.artifactUri).toBe(`mlflow-artifacts:/0/${run}/artifacts`);
  });

  test('is resolved to the place of the tag, and the reason is shown', async () => {
    const { stdout } = await mustRunMlstow(['resolve', run], reader);
    expect(await askMlstow(['resolve', run], reader)).toBe(place);
    expect(stdout).toContain(`run tag ${TAG}`);
  });

  test('takes no second root', async () => {
    const other = { ...writer, env: { ...writer.env, MLFLOW_ARTIFACT_URI: 's3://elsewhere/other' } };
    const { code, stderr } = await runMlstow(['artifacts', 'log', 'first/own.txt', '-r', run], other);
    expect(code).toBe(8);
    expect(stderr).toContain(place);
    expect((await keys()).filter((key) => key.startsWith('other'))).toEqual([]);
  });

  test('is not half read by those who may not read the other place', async () => {
    const stranger = { ...reader, env: { ...reader.env, AWS_SECRET_ACCESS_KEY: 'wrong' } };
    const target = join(dir, 'half');
    const { code } = await runMlstow(['artifacts', 'download', '-r', run, '-d', target], stranger);
    expect(code).toBe(6);
    expect((await runMlstow(['artifacts', 'list', '-r', run], stranger)).code).toBe(6);
  });
});

test('a root that the run is below already changes nothing', async () => {
  const run = await newRun();
  const at = { ...reader, env: { ...reader.env, MLFLOW_ARTIFACT_URI: 'mlflow-artifacts:/' } };
  const { stderr } = await mustRunMlstow(['artifacts', 'log', 'first/', '-r', run], at);
  expect(stderr).not.toContain('stock');
  const [seen] = await askStock<StockView[]>({ dir, env: reader.env }, SCRIPT, [run]);
  expect(seen?.sizes).toEqual({ 'both.txt': 13, 'own.txt': 3 });
  expect(seen?.tags).not.toHaveProperty([TAG]);
});

test.each([`${ROOT}/0/{other}/artifacts`, 's3://elsewhere/secret', 'not a uri: at all', ''])(
  'a tag %j that mlstow did not write is not followed',
  async (value) => {
    const [run, other] = [await newRun(), await newRun()];
    await mustRunMlstow(['artifacts', 'log', 'first/', '-r', run], reader);
    await mustRunMlstow(['artifacts', 'log', 'second/', '-r', other], writer);
    const tag = { run_id: run, key: TAG, value: value.replace('{other}', other) };
    const set = await fetch(`${server.url}/api/2.0/mlflow/runs/set-tag`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(tag),
    });
    expect(set.status).toBe(200);
    const { stdout, stderr } = await mustRunMlstow(['artifacts', 'list', '-r', run, '-q'], reader);
    expect(stdout).toBe('both.txt\nown.txt\n');
    expect(stderr).toMatch(new RegExp(`run ${run} carries a tag ${TAG} .*; it is ignored`));
  },
);
