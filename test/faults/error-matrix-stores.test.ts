import { readdir } from 'node:fs/promises';
import { ListMultipartUploadsCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { mustRunCli, runCli } from '../cli/run-cli.ts';
import { startMlflowServer, type MlflowServer } from '../testbeds/mlflow.ts';
import { startListener } from '../testbeds/listener.ts';
import { startMinio, type S3Bed } from '../testbeds/s3.ts';
import { expectTold, makeWorkplace, type Workplace } from './error-matrix-place.ts';

const BUCKET = 'errors';
const HOME_REGION = 'eu-west-1';
const PASSWORD = 'test-password-1234';

let work: Workplace;
let s3: S3Bed;
let server: MlflowServer;

beforeAll(async () => {
  [work, s3, server] = await Promise.all([
    makeWorkplace(),
    startMinio({ region: HOME_REGION }),
    startMlflowServer({ appName: 'basic-auth', env: { MLFLOW_AUTH_ADMIN_PASSWORD: PASSWORD } }),
  ]);
  await s3.createBucket(BUCKET);
  await s3.client.send(new PutObjectCommand({ Bucket: BUCKET, Key: 'x/file', Body: 'older' }));
});
afterAll(async () => Promise.all([work.remove(), s3.stop(), server.stop()]));

function keys(overrides: Readonly<Record<string, string>> = {}): Readonly<Record<string, string>> {
  return {
    MLFLOW_S3_ENDPOINT_URL: s3.endpoint,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    AWS_DEFAULT_REGION: HOME_REGION,
    ...overrides,
  };
}

/** What the bucket holds, finished and unfinished. */
async function stored(): Promise<readonly string[]> {
  const { Contents = [] } = await s3.client.send(new ListObjectsV2Command({ Bucket: BUCKET }));
  const { Uploads = [] } = await s3.client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET }));
  return [...Contents, ...Uploads].map(({ Key }) => Key ?? '').sort();
}

/** A run whose artifacts are in a bucket. */
async function runIn(bucket: string): Promise<string> {
  const at = { cwd: work.cwd };
  const name = `in-${bucket}-${Math.random()}`;
  const id = await mustRunCli(['experiments', 'create', '-n', name, '-l', `s3://${bucket}/x`, '-q'], at);
  return (await mustRunCli(['runs', 'create', '-x', id.trim(), '--status', 'running', '-q'], at)).trim();
}

const READS = [
  ['artifacts', 'list', '-u'],
  ['artifacts', 'download', '-d', 'out', '-u'],
];

describe('S3', () => {
  test.each([
    [
      'a wrong secret',
      { AWS_SECRET_ACCESS_KEY: 'wrong' },
      'secret key does not belong',
      'AWS_SECRET_ACCESS_KEY',
    ],
    ['an unknown key', { AWS_ACCESS_KEY_ID: 'nobody' }, 'access key is unknown', 'AWS_ACCESS_KEY_ID'],
  ])('%s', async (_, overrides, says, hint) => {
    const told = { code: 6, says: [says, BUCKET], hint };
    for (const read of READS) await work.fails([...read, `s3://${BUCKET}/x`], told, keys(overrides));
    const runId = await runIn(BUCKET);
    const before = await stored();
    await work.fails(['artifacts', 'log', 'file', '-r', runId], told, keys(overrides));
    expect(await stored()).toEqual(before);
  });

  test('a missing bucket', async () => {
    const told = { code: 5, says: ['bucket no-such-bucket does not exist'], hint: 'create the bucket' };
    for (const read of READS) await work.fails([...read, 's3://no-such-bucket/x'], told, keys());
    await work.fails(['artifacts', 'log', 'file', '-r', await runIn('no-such-bucket')], told, keys());
  });

  test('a missing path of a bucket', async () => {
    const told = { code: 5, says: ['nothing', 'nowhere'], hint: 'mlstow artifacts list' };
    await work.fails(['artifacts', 'download', '-d', 'out', '-u', `s3://${BUCKET}/nowhere`], told, keys());
  });

  test('the wrong region is corrected by what the server says', async () => {
    const env = keys({ AWS_DEFAULT_REGION: 'ap-south-1' });
    const listed = await runCli(['artifacts', 'list', '-u', `s3://${BUCKET}/x`, '-q'], {
      cwd: work.cwd,
      env,
    });
    expect(listed, listed.stderr).toMatchObject({ code: 0, stdout: 'file\n' });
  });

  test('a region that stays wrong is named once, with the setting', async () => {
    const moved = await startListener((_, response) => {
      response.writeHead(301, { 'x-amz-bucket-region': 'sa-east-1' });
      response.end('<Error><Code>PermanentRedirect</Code><Region>sa-east-1</Region></Error>');
    });
    try {
      const env = keys({ MLFLOW_S3_ENDPOINT_URL: moved.url });
      const told = {
        code: 3,
        says: [`bucket ${BUCKET} is in region sa-east-1`],
        hint: 'AWS_REGION=sa-east-1',
      };
      await work.fails(['artifacts', 'list', '-u', `s3://${BUCKET}/x`], told, env);
      expect(moved.requests.length).toBeLessThanOrEqual(8);
    } finally {
      await moved.stop();
    }
  });

  test('a refusal is not tried again', async () => {
    const refusing = await startListener((_, response) => {
      response.writeHead(403, { 'content-type': 'application/xml' });
      response.end('<Error><Code>AccessDenied</Code><Message>no</Message></Error>');
    });
    try {
      const env = keys({ MLFLOW_S3_ENDPOINT_URL: refusing.url, MLFLOW_HTTP_REQUEST_MAX_RETRIES: '5' });
      const runId = await runIn(BUCKET);
      const told = { code: 6, says: ['may not do that', 'AccessDenied'], hint: 'policy' };
      expectTold(await runCli(['artifacts', 'log', 'file', '-r', runId], { cwd: work.cwd, env }), told);
      expect(refusing.requests.map(({ method }) => method)).toEqual(['PUT']);
    } finally {
      await refusing.stop();
    }
  });

  test('a missing source among several stops before the first byte', async () => {
    const runId = await runIn(BUCKET);
    const env = { ...keys(), MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0' };
    const args = ['artifacts', 'log', 'file', 'missing', '-r', runId];
    const result = await runCli(args, { cwd: work.cwd, env });
    expectTold(result, { code: 5, says: ['missing does not exist'], hint: undefined });
    expect((await stored()).some((key) => key.includes(runId))).toBe(false);
  });
});

describe('a tracking server with Basic authentication', () => {
  const settings = (overrides: Readonly<Record<string, string>>) => ({
    MLFLOW_TRACKING_URI: server.url,
    MLFLOW_HTTP_REQUEST_MAX_RETRIES: '5',
    ...overrides,
  });
  const COMMANDS = [
    ['experiments', 'create', '-n', 'new'],
    ['experiments', 'search'],
    ['artifacts', 'log', 'file', '-r', 'a'.repeat(32)],
    ['artifacts', 'list', '-u', 'mlflow-artifacts:/0'],
  ];

  test.each(COMMANDS)('%s %s without and with wrong credentials', async (...args) => {
    const told = { code: 6, says: [/authenticat|log ?in|credentials/i], hint: 'MLFLOW_TRACKING_USERNAME' };
    await work.fails(args, told, settings({}));
    const wrong = { MLFLOW_TRACKING_USERNAME: 'admin', MLFLOW_TRACKING_PASSWORD: 'wrong-password' };
    await work.fails(args, told, settings(wrong));
  });

  test('the right ones work, by variable and by URI', async () => {
    const right = { MLFLOW_TRACKING_USERNAME: 'admin', MLFLOW_TRACKING_PASSWORD: PASSWORD };
    const found = await runCli(['experiments', 'search', '-q'], { cwd: work.cwd, env: settings(right) });
    expect(found, found.stderr).toMatchObject({ code: 0 });
    const uri = server.url.replace('://', `://admin:${PASSWORD}@`);
    const args = ['experiments', 'search', '-q', '--tracking-uri', uri];
    const again = await runCli(args, { cwd: work.cwd, env: settings({}) });
    expect(again).toMatchObject({ code: 0, stdout: found.stdout });
  });

  test('nothing was left behind by all of this', async () => {
    // `.local` holds the notes of failed transfers: this folder is the home as well.
    const names = (await readdir(work.cwd)).filter((name) => !/^mlflow\.db|^\.local$/.test(name));
    expect(names.sort()).toEqual(['file', 'mlruns']);
  });
});
