import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { HeadObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startMinio, type S3Bed } from '../testbeds/s3.ts';
import { askMlstow, mustRunMlstow, runMlstow } from './mlstow-command.ts';

type Env = Readonly<Record<string, string>>;

const BUCKET = 'settings';

let cwd: string;
let bed: S3Bed;
let runId: string;
let root: string;

beforeAll(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'mlstow-s3-settings-'));
  bed = await startMinio({ tls: true });
  await bed.createBucket(BUCKET);
  const place = { cwd, env: {} };
  const location = `s3://${BUCKET}/root`;
  const experiment = await askMlstow(['experiments', 'create', '-n', 'e', '-l', location], place);
  runId = await askMlstow(['runs', 'create', '-x', experiment, '--status', 'running'], place);
  root = `root/${runId}/artifacts`;
});
afterAll(async () => {
  await bed.stop();
  await rm(cwd, { recursive: true });
});

const place = (env: Env) => ({
  cwd,
  env: {
    MLFLOW_S3_ENDPOINT_URL: bed.endpoint,
    AWS_ACCESS_KEY_ID: bed.accessKeyId,
    AWS_SECRET_ACCESS_KEY: bed.secretAccessKey,
    MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
    ...env,
  },
});

async function roundTrip(name: string, env: Env): Promise<void> {
  await writeFile(join(cwd, name), `bytes of ${name}`);
  await mustRunMlstow(['artifacts', 'log', name, '-r', runId], place(env));
  expect((await askMlstow(['artifacts', 'list', '-r', runId], place(env))).split('\n')).toContain(name);
  await mustRunMlstow(['artifacts', 'download', '-r', runId, '-a', name, '-d', 'out'], place(env));
  expect(await readFile(join(cwd, 'out', name), 'utf8')).toBe(`bytes of ${name}`);
}

const listing = async (env: Env) => runMlstow(['artifacts', 'list', '-r', runId], place(env));

test('a private authority is refused until AWS_CA_BUNDLE names it', async () => {
  const refused = await listing({});
  expect(refused, refused.stderr).toMatchObject({ code: 3, stdout: '' });
  expect(refused.stderr).toContain('signed by an authority that is not trusted');
  expect(refused.stderr).toContain('set AWS_CA_BUNDLE to a PEM file');
  await roundTrip('by-bundle', { AWS_CA_BUNDLE: bed.caFile! });
});

test('MLFLOW_S3_IGNORE_TLS takes any certificate', async () => {
  await roundTrip('ignoring', { MLFLOW_S3_IGNORE_TLS: 'true' });
});

test('both are refused, and so is a bundle that is not there', async () => {
  const both = await listing({ MLFLOW_S3_IGNORE_TLS: 'true', AWS_CA_BUNDLE: bed.caFile! });
  expect(both, both.stderr).toMatchObject({ code: 3, stdout: '' });
  expect(both.stderr).toContain('MLFLOW_S3_IGNORE_TLS and AWS_CA_BUNDLE are both set');
  const missing = await listing({ AWS_CA_BUNDLE: '/missing/ca.pem' });
  expect(missing, missing.stderr).toMatchObject({ code: 3, stdout: '' });
  expect(missing.stderr).toContain('/missing/ca.pem that AWS_CA_BUNDLE names does not exist');
  expect(missing.stderr).not.toContain('ENOENT');
});

test('MLFLOW_S3_UPLOAD_EXTRA_ARGS encrypts under a KMS key and sets metadata', async () => {
  const args = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'my-key', Metadata: { team: 'ml' } };
  const env = { AWS_CA_BUNDLE: bed.caFile!, MLFLOW_S3_UPLOAD_EXTRA_ARGS: JSON.stringify(args) };
  await roundTrip('encrypted', env);
  const found = await bed.client.send(new HeadObjectCommand({ Bucket: BUCKET, Key: `${root}/encrypted` }));
  expect(found).toMatchObject({
    ServerSideEncryption: 'aws:kms',
    SSEKMSKeyId: 'arn:aws:kms:my-key',
    Metadata: { team: 'ml' },
  });
  const unknown = { ...args, SSEKMSKeyId: 'no-such-key' };
  const bad = place({ ...env, MLFLOW_S3_UPLOAD_EXTRA_ARGS: JSON.stringify(unknown) });
  const refused = await runMlstow(['artifacts', 'log', 'encrypted', '-r', runId], bad);
  expect(refused.code, refused.stderr).toBe(3);
  expect(refused.stderr).toContain('MLFLOW_S3_UPLOAD_EXTRA_ARGS');
});
