import { mkdir, mkdtemp, readdir, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { ListMultipartUploadsCommand, ListObjectsV2Command } from '@aws-sdk/client-s3';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { mustRunCli } from '../cli/run-cli.ts';
import { startListener } from '../testbeds/listener.ts';
import { startMinio, type S3Bed } from '../testbeds/s3.ts';
import { startToxiproxy, type Proxy, type Toxiproxy } from '../testbeds/toxiproxy.ts';
import { startMlstow, stopWith, type Running } from './signals-command.ts';

const BUCKET = 'signals';
const MIB = 1024 * 1024;
const SIGNALS = [
  ['SIGTERM', 143],
  ['SIGINT', 130],
] as const;

let cwd: string;
let s3: S3Bed;
let toxiproxy: Toxiproxy;
let slow: Proxy;
let fastEnv: Record<string, string>;
let slowEnv: Record<string, string>;

beforeAll(async () => {
  [s3, toxiproxy] = await Promise.all([startMinio(), startToxiproxy()]);
  slow = await toxiproxy.proxy(new URL(s3.endpoint).host);
});
afterAll(async () => Promise.all([s3.stop(), toxiproxy.stop()]));

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'mlstow-signals-'));
  await mkdir(join(cwd, 'out'));
  await writeFile(join(cwd, 'big.bin'), 'sparse');
  await truncate(join(cwd, 'big.bin'), 80 * MIB);
  await s3.createBucket(BUCKET).catch(() => undefined);
  fastEnv = {
    MLFLOW_S3_ENDPOINT_URL: s3.endpoint,
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    AWS_DEFAULT_REGION: s3.region,
  };
  slowEnv = { ...fastEnv, MLFLOW_S3_ENDPOINT_URL: `http://${slow.address}` };
});
afterEach(async () => {
  await slow.heal();
  await rm(cwd, { recursive: true });
});

/** A run in the bucket, below a folder of its own. */
async function newRun(): Promise<string> {
  const at = { cwd };
  const id = await mustRunCli(['experiments', 'create', '-n', 'e', '-l', `s3://${BUCKET}/e`, '-q'], at);
  return (await mustRunCli(['runs', 'create', '-x', id.trim(), '--status', 'running', '-q'], at)).trim();
}

/** MinIO lists the uploads of one whole key only. */
async function openUploads(runId: string): Promise<number> {
  const key = `e/${runId}/artifacts/big.bin`;
  const { Uploads = [] } = await s3.client.send(
    new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix: key }),
  );
  return Uploads.length;
}

async function objects(runId: string): Promise<readonly string[]> {
  const { Contents = [] } = await s3.client.send(new ListObjectsV2Command({ Bucket: BUCKET }));
  return Contents.map(({ Key }) => Key ?? '').filter((key) => key.includes(runId));
}

/** Starts an upload that takes minutes, and waits until its multipart upload is open. */
async function slowUpload(runId: string): Promise<Running> {
  const running = await startUpload(runId);
  await running.until(async () => (await openUploads(runId)) > 0);
  return running;
}

async function startUpload(runId: string, flags: readonly string[] = []): Promise<Running> {
  await slow.add({ type: 'bandwidth', stream: 'upstream', attributes: { rate: 200 } });
  return startMlstow(['artifacts', 'log', 'big.bin', '-r', runId, ...flags], { cwd, env: slowEnv });
}

/** Starts a download that takes minutes, and waits until its partial file is there. */
async function slowDownload(runId: string, flags: readonly string[] = []): Promise<Running> {
  const running = await startDownload(runId, flags);
  const partial = (name: string): boolean => name.endsWith('.partial');
  await running.until(async () => (await readdir(join(cwd, 'out'))).some(partial));
  return running;
}

async function startDownload(runId: string, flags: readonly string[]): Promise<Running> {
  await mustRunCli(['artifacts', 'log', 'big.bin', '-r', runId], { cwd, env: fastEnv });
  await slow.add({ type: 'bandwidth', stream: 'downstream', attributes: { rate: 200 } });
  const args = ['artifacts', 'download', '-r', runId, '-d', 'out', ...flags];
  return startMlstow(args, { cwd, env: slowEnv });
}

describe.each(SIGNALS)('%s', (signal, code) => {
  test('aborts an upload: no open multipart upload, no object', async () => {
    const runId = await newRun();
    const running = await slowUpload(runId);
    const ended = await stopWith(running, signal);
    expect(ended, ended.stderr).toMatchObject({ code, stdout: '' });
    expect(ended.stderr).toContain(`stopped by ${signal}`);
    expect(await openUploads(runId)).toBe(0);
    expect(await objects(runId)).toEqual([]);
  });

  test('removes the partial file of a download', async () => {
    const running = await slowDownload(await newRun());
    const ended = await stopWith(running, signal);
    expect(ended, ended.stderr).toMatchObject({ code, stdout: '' });
    expect(await readdir(join(cwd, 'out'))).toEqual([]);
  });
});

test('with --output json a signal is an error in JSON, and stdout stays whole', async () => {
  const running = await slowDownload(await newRun(), ['--output', 'json']);
  const ended = await stopWith(running, 'SIGTERM');
  expect(ended).toMatchObject({ code: 143 });
  const { error } = JSON.parse(ended.stderr.trimEnd().split('\n').at(-1) ?? '') as {
    error: { code: string };
  };
  expect(error.code).toBe('cancelled');
  expect(ended.stdout === '' ? {} : JSON.parse(ended.stdout)).toBeTypeOf('object');
});

test('a wait before a retry ends with the signal', async () => {
  const busy = await startListener((_, response) => {
    response.writeHead(503, { 'retry-after': '100' }).end();
  });
  try {
    const running = startMlstow(['experiments', 'search'], { cwd, env: { MLFLOW_TRACKING_URI: busy.url } });
    await running.until(() => busy.requests.length > 0);
    expect(await stopWith(running, 'SIGTERM')).toMatchObject({ code: 143, stdout: '' });
    expect(busy.requests).toHaveLength(1);
  } finally {
    await busy.stop();
  }
});

test('a second signal ends the process at once, whatever it waits for', async () => {
  const running = await slowUpload(await newRun());
  await slow.add({ type: 'timeout', stream: 'upstream', attributes: { timeout: 0 } });
  running.send('SIGTERM');
  await wait(500);
  expect(await stopWith(running, 'SIGTERM', 2_000)).toMatchObject({ code: 143, stdout: '' });
});

test('a server that no longer answers cannot keep it from ending in time', async () => {
  const runId = await newRun();
  const running = await slowUpload(runId);
  await slow.add({ type: 'timeout', stream: 'upstream', attributes: { timeout: 0 } });
  expect(await stopWith(running, 'SIGTERM')).toMatchObject({ code: 143, stdout: '' });
});

describe('--deadline', () => {
  test('ends an upload with 7 and leaves nothing', async () => {
    const runId = await newRun();
    const ended = await (await startUpload(runId, ['--deadline', '4s'])).ended;
    expect(ended, ended.stderr).toMatchObject({ code: 7, stdout: '' });
    expect(ended.stderr).toContain('the deadline of 4s has passed');
    expect(await openUploads(runId)).toBe(0);
    expect(await objects(runId)).toEqual([]);
  });

  test('ends a download with 7 and leaves nothing', async () => {
    const ended = await (await startDownload(await newRun(), ['--deadline', '4s'])).ended;
    expect(ended, ended.stderr).toMatchObject({ code: 7, stdout: '' });
    expect(await readdir(join(cwd, 'out'))).toEqual([]);
  });

  test('does not touch a command that is done before', async () => {
    expect(await mustRunCli(['experiments', 'create', '-n', 'x', '-q', '--deadline', '10m'], { cwd })).toBe(
      '1\n',
    );
  });
});
