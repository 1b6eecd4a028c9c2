import { createHash } from 'node:crypto';
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Removal } from '../../src/artifacts/store.ts';
import { parseArtifactPath } from '../../src/core/artifact-path.ts';
import { bedFolder } from '../testbeds/bed.ts';
import { gcsPythonPath, gcsStoreAt, startFakeGcs, type FakeGcs } from '../testbeds/fake-gcs.ts';
import { startListener } from '../testbeds/listener.ts';
import { mustRunMlstow, runMlstow, type Place } from './mlstow-command.ts';
import { askStock } from './stock-client.ts';
import {
  expectOursRead,
  expectOursReadByStock,
  expectTheirsRead,
  logByStock,
  startExchange,
  type StoreExchange,
} from './store-exchange.ts';

const BUCKET = 'models';
let gcs: FakeGcs;
let place: Place;
let exchange: StoreExchange;
let source = '';
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
  exchange = await startExchange(place, `gs://${BUCKET}/experiment`, {
    'table.csv.gz': gzipSync('a,b\n1,2\n'),
    'deep/er/Größe 100%.bin': Buffer.alloc(9_000_000, 'odd '),
    'deep/large.bin': Buffer.alloc(65 * 1024 * 1024 + 17, 'large'),
  });
  ({ source, run } = exchange);
});
afterAll(async () => {
  await gcs.stop();
  await rm(place.cwd, { recursive: true });
});

describe('what mlstow logs', () => {
  beforeAll(async () => {
    await mustRunMlstow(['artifacts', 'log', source, '-r', run], place);
  });

  test('mlstow lists and downloads', async () => expectOursRead(exchange, 'path'));
  test('the stock client lists, downloads and removes', async () => expectOursReadByStock(exchange));
});

describe('what the stock client logs', () => {
  beforeAll(async () => logByStock(exchange));

  test('mlstow lists and downloads', async () => expectTheirsRead(exchange, 'path'));

  test("the store verifies by Google's own checksums and removes, and the stock client sees it gone", async () => {
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
