import {
  CreateMultipartUploadCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import type { GcItem } from '../../src/cli/output/gc.ts';
import { runMlstow } from '../interop/mlstow-command.ts';
import { startCountingProxy } from '../testbeds/counting-proxy.ts';
import { startMinio, startVersitygw, type S3Bed } from '../testbeds/s3.ts';
import { assumeRole } from '../testbeds/s3-role.ts';
import { localGround, type GcGround } from './gc-ground.ts';
import { EXPERIMENT, experimentRow, makeRuns, runRows, type MadeRun } from './gc-records.ts';

const ROOT = 's3://arts/root';
const Bucket = 'arts';

let s3: S3Bed;
let ground: GcGround;
beforeAll(async () => {
  [s3, ground] = await Promise.all([startMinio(), localGround()]);
  await s3.createBucket(Bucket);
  await ground.sql(experimentRow(ROOT));
  await put(['precious']);
});
afterAll(() => Promise.all([s3.stop(), ground.stop()]));

async function put(paths: readonly string[], root = 'root'): Promise<void> {
  for (let from = 0; from < paths.length; from += 100)
    await Promise.all(
      paths
        .slice(from, from + 100)
        .map((path) => s3.client.send(new PutObjectCommand({ Bucket, Key: `${root}/${path}`, Body: path }))),
    );
}

async function stored({ id }: MadeRun): Promise<number> {
  const Prefix = `root/${EXPERIMENT}/${id}/`;
  const { KeyCount = 0, IsTruncated } = await s3.client.send(new ListObjectsV2Command({ Bucket, Prefix }));
  expect(IsTruncated).toBe(false);
  return KeyCount;
}

interface Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

async function gc(args: readonly string[], keys: Keys = s3, endpoint = s3.endpoint) {
  const env = {
    AWS_ACCESS_KEY_ID: keys.accessKeyId,
    AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
    ...(keys.sessionToken === undefined ? {} : { AWS_SESSION_TOKEN: keys.sessionToken }),
    AWS_DEFAULT_REGION: s3.region,
    MLFLOW_S3_ENDPOINT_URL: endpoint,
    MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
  };
  const where = ['gc', '--backend-store-uri', ground.uri(), '--output', 'jsonl'];
  const finished = await runMlstow([...where, ...args], { cwd: ground.place.cwd, env });
  const lines = finished.stdout.split('\n').filter((line) => line.startsWith('{"kind"'));
  return { ...finished, items: lines.map((line) => JSON.parse(line) as GcItem) };
}

const stageOf = ({ id }: MadeRun) =>
  ground.column(`SELECT lifecycle_stage FROM runs WHERE run_uuid = '${id}'`);

it('collects what it can where some deletes are denied, a store is away and a row is nonsense', async () => {
  const runs = makeRuns('denied', 100);
  const [nonsense, away, here] = makeRuns('elsewhere', 3) as [MadeRun, MadeRun, MadeRun];
  await put(runs.flatMap(({ files }) => files));
  await ground.fill(here.files);
  await ground.sql(`
    ${runRows(runs, 'deleted', ROOT)}
    ${runRows([nonsense], 'deleted', 'gopher:%%nonsense')}
    ${runRows([away], 'deleted', 'ftp://127.0.0.1:9/root')}
    ${runRows([here], 'deleted', ground.root)}`);
  const kept = [runs[7], runs[50], runs[99]] as MadeRun[];
  const denied = kept.map(({ files }, at) => files[at] ?? '');
  const keys = await assumeRole(s3, [
    { Effect: 'Allow', Action: ['s3:*'], Resource: ['arn:aws:s3:::*'] },
    {
      Effect: 'Deny',
      Action: ['s3:DeleteObject'],
      Resource: denied.map((path) => `arn:aws:s3:::arts/root/${path}`),
    },
  ]);
  const report = join(ground.place.cwd, 'report.jsonl');
  const first = await gc(['--all-deleted', '--yes', '--report', report], keys);
  expect([first.code, first.stderr]).toEqual([4, expect.stringContaining('5 items could not be collected')]);
  const failed = [...kept, nonsense, away].map(({ id }) => id).sort();
  expect((await ground.column('SELECT run_uuid FROM runs')).toSorted()).toEqual(failed);
  const told = (await readFile(report, 'utf8')).trim().split('\n');
  const items = told.slice(0, -1).map((line) => JSON.parse(line) as GcItem);
  expect(items.filter(({ action }) => action === 'delete')).toHaveLength(98);
  const reasons = new Map(
    items.filter(({ action }) => action === 'fail').map(({ id, reason }) => [id, reason]),
  );
  expect([...reasons.keys()].sort()).toEqual(failed);
  kept.forEach(({ id, files }, at) => {
    expect(reasons.get(id)).toContain(files[at]?.slice(`${EXPERIMENT}/`.length));
  });
  expect(reasons.get(nonsense.id)).toContain('gopher');
  expect(reasons.get(away.id)).toContain('127.0.0.1:9');
  expect(await Promise.all(kept.map(stored))).toEqual([1, 1, 1]);
  expect(await ground.files()).toEqual([]);

  expect((await gc(['--run-ids', kept.map(({ id }) => id).join(',')])).code).toBe(0);
  expect(await ground.column('SELECT count(*) FROM runs')).toEqual(['2']);
});

it('finishes at no other endpoint what it began with, though the bucket there has the same name', async () => {
  const [run] = makeRuns('two endpoints', 1) as [MadeRun];
  await put(run.files);
  await ground.sql(runRows([run], 'deleted', ROOT));
  let denied = run.files.length;
  const proxy = await startCountingProxy(s3.endpoint, async (method, url) => {
    const deletes = method === 'DELETE' || (method === 'POST' && url.includes('delete'));
    return deletes && denied-- > 0 ? 403 : undefined;
  });
  onTestFinished(() => proxy.stop());
  const other = await startVersitygw();
  onTestFinished(() => other.stop());
  await other.createBucket(Bucket);
  await other.client.send(new PutObjectCommand({ Bucket, Key: 'root/theirs', Body: 'x' }));
  const take = ['--run-ids', run.id];
  expect((await gc(take, s3, proxy.url)).code).toBe(4);
  for (const args of [take, [...take, '--dry-run']]) {
    const elsewhere = await gc(args, other, other.endpoint);
    expect([elsewhere.code, elsewhere.items]).toMatchObject([8, [{ id: run.id, action: 'keep' }]]);
    expect(elsewhere.items[0]?.reason).toContain('began with it at another server');
  }
  expect(await stageOf(run)).toEqual(['deleted']);
  await s3.client.send(
    new DeleteObjectsCommand({
      Bucket,
      Delete: { Objects: run.files.map((path) => ({ Key: `root/${path}` })) },
    }),
  );
  denied = 0;
  expect(await gc(take, s3, proxy.url)).toMatchObject({ code: 0, items: [{ action: 'delete' }] });
  expect(await stageOf(run)).toEqual([]);
});

it('finishes with other keys what it began with', async () => {
  const [run] = makeRuns('other keys', 1) as [MadeRun];
  await put(run.files, 'rotated');
  await ground.sql(runRows([run], 'deleted', 's3://arts/rotated'));
  const old = await assumeRole(s3, [
    { Effect: 'Allow', Action: ['s3:*'], Resource: ['arn:aws:s3:::*'] },
    { Effect: 'Deny', Action: ['s3:DeleteObject'], Resource: ['arn:aws:s3:::arts/rotated/*'] },
  ]);
  expect((await gc(['--run-ids', run.id], old)).code).toBe(4);
  await s3.client.send(
    new DeleteObjectsCommand({
      Bucket,
      Delete: { Objects: run.files.map((path) => ({ Key: `rotated/${path}` })) },
    }),
  );
  // Nothing is left at that root but what gc noted.
  expect(await gc(['--run-ids', run.id])).toMatchObject({ code: 0, items: [{ action: 'delete' }] });
  expect(await stageOf(run)).toEqual([]);
});

/** Runs gc on one run of so many files; `act` comes before each request that lists or deletes. */
async function gcMeanwhile(
  name: string,
  count: number,
  act: (run: MadeRun, request: 'list' | 'delete', times: number) => Promise<void>,
) {
  const files = Array.from({ length: count }, (_, number) => `f${number}`);
  const [run] = makeRuns(name, 1, files) as [MadeRun];
  await put(run.files);
  await ground.sql(runRows([run], 'deleted', ROOT));
  const times = { list: 0, delete: 0 };
  const proxy = await startCountingProxy(s3.endpoint, async (method, url) => {
    const lists = method === 'GET' && url.includes('list-type=2') && url.includes(run.id);
    const request = lists ? 'list' : method === 'POST' || method === 'DELETE' ? 'delete' : undefined;
    if (request) await act(run, request, (times[request] += 1));
    return undefined;
  });
  onTestFinished(() => proxy.stop());
  return { run, ...(await gc(['--run-ids', run.id], s3, proxy.url)) };
}

const restore = ({ id }: MadeRun) =>
  ground.sql(`UPDATE runs SET lifecycle_stage = 'active', deleted_time = NULL WHERE run_uuid = '${id}'`);

it('leaves a run that is restored before its first batch as it is', async () => {
  const { run, code, items } = await gcMeanwhile('early', 3, async (made, request, times) => {
    if (request === 'list' && times === 1) await restore(made);
  });
  expect([code, items]).toMatchObject([0, [{ id: run.id, action: 'skip', objects: 0 }]]);
  expect(await stored(run)).toBe(3);
  expect(await stageOf(run)).toEqual(['active']);
});

it('stops between batches at a run that is restored, and tells which of its objects are gone', async () => {
  const { run, code, items } = await gcMeanwhile('late', 1_100, async (made, request, times) => {
    if (request === 'delete' && times === 1) await restore(made);
  });
  expect([code, items]).toMatchObject([4, [{ id: run.id, action: 'fail', objects: 1_000 }]]);
  expect(items[0]?.gone).toHaveLength(1_000);
  expect(items[0]?.reason).toContain('restored');
  expect(await stored(run)).toBe(100);
  expect(await stageOf(run)).toEqual(['active']);
});

it('finds what a client uploads meanwhile', async () => {
  const { run, code, items } = await gcMeanwhile('busy', 3, async ({ id }, request, times) => {
    if (request === 'delete' && times === 1) await put([`${EXPERIMENT}/${id}/artifacts/late`]);
  });
  expect([code, items]).toMatchObject([0, [{ id: run.id, action: 'delete', objects: 4 }]]);
  expect(await stored(run)).toBe(0);
  expect(await stageOf(run)).toEqual([]);
});

it('keeps the row of a run that a client does not stop writing to', async () => {
  const { run, code, items } = await gcMeanwhile('endless', 3, async ({ id }, request, times) => {
    if (request === 'delete') await put([`${EXPERIMENT}/${id}/artifacts/late-${times}`]);
  });
  expect([code, items]).toMatchObject([4, [{ id: run.id, action: 'fail' }]]);
  expect(items[0]?.reason).toContain('somebody writes there');
  expect(await stageOf(run)).toEqual(['deleted']);
});

it('gives up what was never finished of the runs that go, and of no other', async () => {
  const [live, ...runs] = makeRuns('unfinished', 20) as [MadeRun, ...MadeRun[]];
  await put(runs.flatMap(({ files }) => files));
  await ground.sql(`${runRows(runs, 'deleted', ROOT)} ${runRows([live], 'active', ROOT)}`);
  const begun = [...runs.slice(0, 3), live].map(({ id }) => `root/${EXPERIMENT}/${id}/artifacts/big`);
  for (const Key of begun) await s3.client.send(new CreateMultipartUploadCommand({ Bucket, Key }));
  const { code } = await gc(['--run-ids', runs.map(({ id }) => id).join(',')]);
  expect(code).toBe(0);
  const { Uploads = [] } = await s3.client.send(new ListMultipartUploadsCommand({ Bucket }));
  expect(Uploads.map(({ Key }) => Key)).toEqual(begun.slice(-1));
  expect(await stageOf(live)).toEqual(['active']);
});
