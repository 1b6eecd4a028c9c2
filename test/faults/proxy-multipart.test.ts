import { spawn } from 'node:child_process';
import type { ServerResponse } from 'node:http';
import { readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { MLSTOW, mustRunMlstow, runMlstow } from '../interop/mlstow-command.ts';
import { bytesOf, type Passed } from '../interop/proxy-multipart-front.ts';
import { sha256, startRig, withEnv, type Rig } from '../interop/proxy-multipart-rig.ts';
import { bareEnvironment, freePort } from '../testbeds/bed.ts';
import { startVersitygw, type S3Bed } from '../testbeds/s3.ts';

let bed: S3Bed;
let rig: Rig;

beforeAll(async () => {
  bed = await startVersitygw();
  rig = await startRig(bed);
});
afterAll(async () => {
  await rig.stop();
  await bed.stop();
});
afterEach(() => {
  for (const front of [rig.server, rig.s3]) {
    front.passed.length = 0;
    front.intercept = () => false;
    front.drop = () => false;
    front.cut = () => Infinity;
  }
});

const RETRIES = { MLFLOW_HTTP_REQUEST_MAX_RETRIES: '3' };
const isSecondPart = (one: Passed) => one.url.searchParams.get('partNumber') === '2';
const log = (run: string, env = {}) =>
  runMlstow(
    ['artifacts', 'log', rig.large, '-r', run, '--verbose'],
    withEnv(rig.place, { ...RETRIES, ...env }),
  );

function refuse(response: ServerResponse, status: number, code: string): true {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<?xml version="1.0"?><Error><Code>${code}</Code><Message>secret text</Message></Error>`);
  return true;
}

/** Nothing of a failed upload is at the store, neither an object nor parts. */
async function expectNothing(run: string): Promise<void> {
  expect([await rig.stored(run), await rig.unfinished()]).toEqual([{}, []]);
}

/** Nor of what the server signed in what people see. */
function expectNoSecret({ stdout, stderr }: { readonly stdout: string; readonly stderr: string }): void {
  const signatures = rig.s3.passed.flatMap(({ url }) => [
    url.searchParams.get('X-Amz-Signature') ?? '-none-',
    url.searchParams.get('Signature') ?? '-none-',
  ]);
  for (const secret of [...signatures, 'X-Amz-', 'uploadId', 'secret text']) {
    expect(stdout + stderr).not.toContain(secret);
  }
}

test('a part that is answered 503 twice, and one that is cut, are sent again', async () => {
  const run = await rig.newRun();
  let refused = 0;
  let cut = 0;
  rig.s3.intercept = (one, response) => {
    if (isSecondPart(one) && refused < 2) {
      refused += 1;
      return refuse(response, 503, 'SlowDown');
    }
    return false;
  };
  rig.s3.drop = ({ url }) => url.searchParams.get('partNumber') === '3' && (cut += 1) === 1;
  const done = await log(run);
  expect([done.code, refused, cut]).toEqual([0, 2, 2]);
  expect((await rig.stored(run))['large.bin']).toMatch(/-5$/);
  expect(await rig.unfinished()).toEqual([]);
  expectNoSecret(done);
});

test('an expired URL is an error: the upload is given up, and not sent through the server', async () => {
  const run = await rig.newRun();
  rig.s3.intercept = (one, response) => isSecondPart(one) && refuse(response, 403, 'AccessDenied');
  const done = await log(run);
  expect(done.code).toBe(6);
  expect(done.stderr).toContain(`its store ${rig.s3.host} answered 403 (AccessDenied)`);
  expect(done.stderr).toContain('limited time');
  expect(bytesOf(rig.server).sent).toBeLessThan(64 * 1024);
  await expectNothing(run);
  expectNoSecret(done);
});

test('parts that never succeed are an error after the retries', async () => {
  const run = await rig.newRun();
  rig.s3.intercept = (one, response) => isSecondPart(one) && refuse(response, 500, 'InternalError');
  const done = await log(run);
  expect([done.code, rig.s3.passed.filter(isSecondPart).length]).toEqual([7, 4]);
  await expectNothing(run);
});

test('a store that cannot be reached from here is an error that says what to do', async () => {
  const run = await rig.newRun();
  const port = await freePort();
  rig.server.intercept = ({ url, method }, response) => {
    if (method !== 'POST' || !url.pathname.includes('/mpu/create/')) return false;
    const credentials = [1, 2, 3, 4, 5].map((part_number) => ({
      url: `http://127.0.0.1:${port}/b/k?X-Amz-Signature=abc`,
      part_number,
      headers: {},
    }));
    response.end(JSON.stringify({ upload_id: 'x', credentials }));
    return true;
  };
  const done = await log(run, { MLFLOW_HTTP_REQUEST_MAX_RETRIES: '1' });
  expect(done.code).toBe(7);
  expect(done.stderr).toContain(`the MLflow server signs URLs for 127.0.0.1:${port}`);
  await expectNothing(run);
  expectNoSecret(done);
});

test('a finish whose answer is lost has happened; one that fails has not', async () => {
  const run = await rig.newRun();
  const isFinish = ({ url }: Passed) => url.pathname.includes('/mpu/complete/');
  rig.server.drop = (one) => isFinish(one);
  const done = await log(run);
  expect([done.code, rig.server.passed.filter(isFinish).length]).toEqual([0, 1]);
  expect((await rig.stored(run))['large.bin']).toMatch(/-5$/);
  rig.server.drop = () => false;
  rig.server.intercept = (one, response) => {
    if (isFinish(one)) response.writeHead(500).end();
    return isFinish(one);
  };
  const other = await rig.newRun();
  expect((await log(other)).code).toBe(7);
  await expectNothing(other);
});

test('tracking credentials never go to the store', async () => {
  const run = await rig.newRun();
  const env = { MLFLOW_TRACKING_USERNAME: 'user', MLFLOW_TRACKING_PASSWORD: 'hunter22' };
  expect((await log(run, env)).code).toBe(0);
  const target = join(rig.dir, 'with credentials');
  await mustRunMlstow(['artifacts', 'download', '-r', run, '-d', target], withEnv(rig.place, env));
  expect(rig.server.passed.filter(({ headers }) => headers.authorization).length).toBeGreaterThan(3);
  const direct = rig.s3.passed.filter(({ headers }) => headers['user-agent'] === 'mlstow');
  expect(direct.map(({ method }) => method).toSorted()).toEqual(['GET', 'PUT', 'PUT', 'PUT', 'PUT', 'PUT']);
  expect(direct.filter(({ headers }) => headers.authorization !== undefined)).toEqual([]);
});

test('SIGTERM gives the upload up', async () => {
  const run = await rig.newRun();
  rig.s3.intercept = isSecondPart;
  const child = spawn(process.execPath, [MLSTOW, 'artifacts', 'log', rig.large, '-r', run], {
    cwd: rig.dir,
    env: { ...bareEnvironment(rig.dir), ...rig.place.env },
    stdio: 'ignore',
  });
  const ended = new Promise<number | null>((resolve) => child.once('exit', resolve));
  while (!rig.s3.passed.some(isSecondPart)) await new Promise((resolve) => setTimeout(resolve, 20));
  expect(await rig.unfinished()).toHaveLength(1);
  child.kill('SIGTERM');
  expect(await ended).toBe(143);
  await expectNothing(run);
});

test('a download that is cut goes on where it was; one whose URL expired fails and leaves nothing', async () => {
  const run = await rig.newRun();
  expect((await log(run)).code).toBe(0);
  const isRead = ({ method, headers }: Passed) => method === 'GET' && headers['user-agent'] === 'mlstow';
  rig.s3.cut = (one) => (isRead(one) && one.headers.range === undefined ? 1_000_000 : Infinity);
  const target = join(rig.dir, 'cut');
  await mustRunMlstow(['artifacts', 'download', '-r', run, '-d', target], withEnv(rig.place, RETRIES));
  expect(await sha256(join(target, 'large.bin'))).toBe(await sha256(rig.large));
  const again = rig.s3.passed.filter((one) => isRead(one) && one.headers.range !== undefined);
  expect(again.map(({ headers }) => /^bytes=[1-9]\d*-$/.test(headers.range ?? ''))).toEqual([true]);
  await rm(target, { recursive: true });
  rig.s3.intercept = (one, response) => isRead(one) && refuse(response, 403, 'AccessDenied');
  const failed = await runMlstow(['artifacts', 'download', '-r', run, '-d', target], rig.place);
  expect(failed.code).toBe(6);
  expect(await readdir(target)).toEqual([]);
  expectNoSecret(failed);
});

/** What MLflow 3.18 answers with --artifacts-presigned-only, where bytes would pass through it. */
function presignedOnly({ method, url }: Passed, response: ServerResponse): boolean {
  const bytes = url.pathname.includes('/mlflow-artifacts/artifacts/') && ['GET', 'PUT'].includes(method);
  if (!bytes) return false;
  response.writeHead(403, { 'content-type': 'application/json' });
  response.end(
    JSON.stringify({
      error_code: 'PERMISSION_DENIED',
      message: 'presigned only',
      artifacts_presigned_only: true,
    }),
  );
  return true;
}

test('a server that lets no byte pass gets files of any size past it, whatever the settings', async () => {
  rig.server.intercept = presignedOnly;
  const run = await rig.newRun();
  const off = withEnv(rig.place, {
    MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD: 'false',
    MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD: 'false',
  });
  await writeFile(join(rig.dir, 'empty'), '');
  await writeFile(join(rig.dir, 'small'), 'words');
  const files = ['empty', 'small', 'large.bin'].map((name) => join(rig.dir, name));
  await mustRunMlstow(['artifacts', 'log', ...files, '-r', run], off);
  const target = join(rig.dir, 'presigned only');
  await mustRunMlstow(['artifacts', 'download', '-r', run, '-d', target], off);
  for (const file of files) {
    expect(await sha256(join(target, file.slice(rig.dir.length)))).toBe(await sha256(file));
  }
  const input = { ...off, input: 'words from a pipe' };
  const piped = await runMlstow(['artifacts', 'log', '-', '--name', 'piped', '-r', run], input);
  expect([piped.code, piped.stderr]).toEqual([3, expect.stringContaining('standard input')]);
});

describe('a store with a certificate of its own authority', () => {
  let secure: S3Bed;
  let own: Rig;

  beforeAll(async () => {
    secure = await startVersitygw({ tls: true });
    own = await startRig(secure);
  });
  afterAll(async () => {
    await own.stop();
    await secure.stop();
  });

  test('is reached by the settings of S3, parts and downloads alike', async () => {
    const run = await own.newRun();
    const once = withEnv(own.place, { MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0' });
    const refused = await runMlstow(['artifacts', 'log', own.large, '-r', run], once);
    expect([refused.code, refused.stderr]).toEqual([3, expect.stringContaining('set AWS_CA_BUNDLE')]);
    expect([await own.stored(run), await own.unfinished()]).toEqual([{}, []]);
    for (const env of [{ AWS_CA_BUNDLE: secure.caFile ?? '' }, { MLFLOW_S3_IGNORE_TLS: 'true' }]) {
      const place = withEnv(own.place, env);
      await mustRunMlstow(['artifacts', 'log', own.large, '-r', run], place);
      const target = join(own.dir, Object.keys(env).join(''));
      await mustRunMlstow(['artifacts', 'download', '-r', run, '-d', target], place);
      expect(await sha256(join(target, 'large.bin'))).toBe(await sha256(own.large));
    }
    const failed = await runMlstow(['artifacts', 'download', '-r', run, '-d', join(own.dir, 'none')], once);
    expect([failed.code, failed.stderr]).toEqual([3, expect.stringContaining('set AWS_CA_BUNDLE')]);
  });
});
