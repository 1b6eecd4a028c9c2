import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Removal } from '../../src/artifacts/store.ts';
import { parseArtifactPath } from '../../src/core/artifact-path.ts';
import { bedFolder } from '../testbeds/bed.ts';
import { gcsPythonPath, gcsStoreAt, startFakeGcs, type FakeGcs } from '../testbeds/fake-gcs.ts';
import { startListener } from '../testbeds/listener.ts';
import { askMlstow, mustRunMlstow, runMlstow, type Place } from './mlstow-command.ts';
import { askStock } from './stock-client.ts';
import { filesOf, treeOf, type Tree } from './tree-of.ts';

const BUCKET = 'models';
let gcs: FakeGcs;
let place: Place;
let source = '';
let tree: Tree = {};
let run = '';

beforeAll(async () => {
  gcs = await startFakeGcs();
  await gcs.createBucket(BUCKET);
  const dir = await bedFolder('store-gcs');
  place = {
    cwd: dir,
    env: {
      MLFLOW_TRACKING_URI: `sqlite:///${join(dir, 'mlflow.db')}`,
      STORAGE_EMULATOR_HOST: gcs.endpoint,
      PYTHONPATH: await gcsPythonPath(),
      // Files above 64 MiB go in chunks of this size; MLflow's client takes it too.
      MLFLOW_GCS_UPLOAD_CHUNK_SIZE: String(4 * 1024 * 1024),
      MLFLOW_GCS_DOWNLOAD_CHUNK_SIZE: String(4 * 1024 * 1024),
    },
  };
  source = join(dir, 'model');
  await mkdir(join(source, 'deep', 'er'), { recursive: true });
  await writeFile(join(source, 'MLmodel'), 'flavors: {}\n');
  await writeFile(join(source, 'empty'), '');
  await writeFile(join(source, 'table.csv.gz'), gzipSync('a,b\n1,2\n'));
  await writeFile(join(source, 'deep', 'er', 'Größe 100%.bin'), Buffer.alloc(9_000_000, 'odd '));
  await writeFile(join(source, 'deep', 'large.bin'), Buffer.alloc(65 * 1024 * 1024 + 17, 'large'));
  tree = await treeOf(source);
  const location = `gs://${BUCKET}/experiment`;
  await mustRunMlstow(['experiments', 'create', '-n', 'gcs', '--artifact-location', location], place);
  run = await askMlstow(['runs', 'create', '--experiment-name', 'gcs'], place);
});
afterAll(async () => {
  await gcs.stop();
  await rm(place.cwd, { recursive: true });
});

describe('what mlstow logs', () => {
  beforeAll(async () => {
    await mustRunMlstow(['artifacts', 'log', source, '-r', run], place);
  });

  test('mlstow lists and downloads', async () => {
    const { stdout } = await mustRunMlstow(['artifacts', 'list', '-r', run, '-R', '--output', 'json'], place);
    const { items } = JSON.parse(stdout) as { items: { path: string; is_dir: boolean }[] };
    expect(items.filter((item) => !item.is_dir).map(({ path }) => path)).toEqual(
      Object.keys(filesOf(tree))
        .map((path) => `model/${path}`)
        .toSorted(),
    );
    const uri = `gs://${BUCKET}/experiment/${run}/artifacts/model`;
    await mustRunMlstow(['artifacts', 'download', '-u', uri, '-d', 'ours'], place);
    expect(await treeOf(join(place.cwd, 'ours', 'model'))).toEqual(tree);
  });

  test('the stock client lists, downloads and removes', async () => {
    const script = `
run = asked["run"]
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
before = sizes(run)
client.download_artifacts(run, "model", asked["to"])
get_artifact_repository(client.get_run(run).info.artifact_uri).delete_artifacts("model/deep")
answer = {"before": before, "after": sizes(run)}
`;
    const to = join(place.cwd, 'theirs');
    await mkdir(to);
    const { before, after } = await askStock<{
      before: Record<string, number>;
      after: Record<string, number>;
    }>({ dir: place.cwd, env: { ...place.env } }, script, { run, to });
    expect(before).toMatchObject({ 'model/MLmodel': 12, 'model/deep/large.bin': 65 * 1024 * 1024 + 17 });
    expect(await treeOf(join(to, 'model'))).toEqual(tree);
    expect(Object.keys(after).toSorted()).toEqual([
      'model',
      'model/MLmodel',
      'model/empty',
      'model/table.csv.gz',
    ]);
  });
});

describe('what the stock client logs', () => {
  beforeAll(async () => {
    const script = `client.log_artifacts(asked["run"], asked["source"], "stock")\nanswer = True`;
    await askStock({ dir: place.cwd, env: { ...place.env } }, script, { run, source });
  });

  test('mlstow lists and downloads', async () => {
    const { stdout } = await mustRunMlstow(['artifacts', 'list', '-r', run, '-a', 'stock'], place);
    const paths = (JSON.parse(stdout) as { path: string }[]).map(({ path }) => path);
    expect(paths).toEqual(['stock/MLmodel', 'stock/deep', 'stock/empty', 'stock/table.csv.gz']);
    await mustRunMlstow(['artifacts', 'download', '-r', run, '-a', 'stock', '-d', 'back'], place);
    expect(await treeOf(join(place.cwd, 'back', 'stock'))).toEqual(tree);
  });

  test('the store verifies by Google’s own checksums and removes, and the stock client sees it gone', async () => {
    const store = await gcsStoreAt(gcs.endpoint, BUCKET, `experiment/${run}/artifacts`);
    const io = { signal: new AbortController().signal };
    const removals: Removal[] = [];
    for await (const page of store.list(parseArtifactPath('stock'), { recursive: true }, io)) {
      for (const { path, version, checksums } of page) {
        const file = join(source, path.slice('stock/'.length));
        const md5 = createHash('md5')
          .update(await readFile(file))
          .digest('hex');
        expect(checksums).toContainEqual({ algorithm: 'md5', value: md5, scope: 'whole' });
        removals.push({ path, kind: 'file', ...(version ? { version } : {}) });
      }
    }
    expect(removals).toHaveLength(5);
    expect(await store.remove(removals, io)).toEqual([]);
    const script = `answer = sizes(asked["run"], "stock")`;
    expect(await askStock({ dir: place.cwd, env: { ...place.env } }, script, { run })).toEqual({});
  });

  test('also from the root of the bucket', async () => {
    const { stdout } = await mustRunMlstow(['artifacts', 'list', '-u', `gs://${BUCKET}`], place);
    expect(JSON.parse(stdout)).toEqual([{ path: 'experiment', is_dir: true }]);
  });
});

test('the built command signs in with a workload identity, and its token goes to the endpoint', async () => {
  const tokens = await startListener((_, response) => {
    response.writeHead(200, { 'content-type': 'application/json' });
    response.end(JSON.stringify({ access_token: 'the-token', expires_in: 3600, token_type: 'Bearer' }));
  });
  const service = await startListener((_, response) => response.end('{"items":[{"name":"a","size":"3"}]}'));
  const credentials = join(place.cwd, 'identity.json');
  const subject = join(place.cwd, 'subject');
  await writeFile(subject, 'subject-token');
  const identity = {
    type: 'external_account',
    audience: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q',
    subject_token_type: 'urn:ietf:params:oauth:token-type:jwt',
    token_url: `${tokens.url}/token`,
    credential_source: { file: subject },
  };
  await writeFile(credentials, JSON.stringify(identity));
  const env = { MLSTOW_GCS_API_ENDPOINT: service.url, GOOGLE_APPLICATION_CREDENTIALS: credentials };
  const args = ['artifacts', 'list', '-u', 'gs://bucket', '--verbose'];
  const { stdout, stderr } = await mustRunMlstow(args, { cwd: place.cwd, env });
  expect(JSON.parse(stdout)).toEqual([{ path: 'a', is_dir: false, file_size: 3 }]);
  expect(service.requests[0]?.headers.authorization).toBe('Bearer the-token');
  expect(stderr).not.toContain('the-token');
  await Promise.all([tokens.stop(), service.stop()]);
});

describe('what is refused', () => {
  test('a bucket that does not exist is not found', async () => {
    const { code, stderr } = await runMlstow(['artifacts', 'list', '-u', 'gs://no-such-bucket/x'], place);
    expect(code).toBe(5);
    expect(stderr).toContain('no-such-bucket');
  });

  test.each(['gs:///path', 'gs://', 'gs://user@bucket/x'])('%s: with the right form', async (uri) => {
    const { code, stderr } = await runMlstow(['artifacts', 'list', '-u', uri], place);
    expect(code).toBe(2);
    expect(stderr).toContain('gs://bucket/path');
  });

  test('a chunk size that is no multiple of 256 KiB, naming the variable', async () => {
    const env = { ...place.env, MLFLOW_GCS_UPLOAD_CHUNK_SIZE: '1000000' };
    const { code, stderr } = await runMlstow(['artifacts', 'list', '-r', run], { ...place, env });
    expect(code).toBe(3);
    expect(stderr).toContain('MLFLOW_GCS_UPLOAD_CHUNK_SIZE');
  });

  test('a deprecated time-out works, with a warning', async () => {
    const env = { ...place.env, MLFLOW_GCS_DEFAULT_TIMEOUT: '-1' };
    const { code, stderr } = await runMlstow(['artifacts', 'list', '-r', run], { ...place, env });
    expect(code).toBe(0);
    expect(stderr).toBe(
      'warning: MLFLOW_GCS_DEFAULT_TIMEOUT is deprecated; set MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT instead\n',
    );
  });
});
