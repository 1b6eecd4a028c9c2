import {
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutObjectCommand,
} from '@aws-sdk/client-s3';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { mustRunCli, runCli, type CliPlace, type CliResult } from '../cli/run-cli.ts';
import { temporaryFolder } from '../cli/temporary-folder.ts';
import { startMinio, type S3Bed } from '../testbeds/s3.ts';

const BUCKET = 'versioned';
const ORPHAN = 'a'.repeat(32);

let s3: S3Bed;
beforeAll(async () => {
  s3 = await startMinio();
  await s3.createVersionedBucket(BUCKET);
});
afterAll(() => s3.stop());

/** What the bucket keeps of a prefix: versions and marks. */
async function kept(prefix: string): Promise<readonly [versions: number, marks: number]> {
  const answer = await s3.client.send(new ListObjectVersionsCommand({ Bucket: BUCKET, Prefix: prefix }));
  return [answer.Versions?.length ?? 0, answer.DeleteMarkers?.length ?? 0];
}

async function put(key: string): Promise<void> {
  await s3.client.send(new PutObjectCommand({ Bucket: BUCKET, Key: key, Body: '12345' }));
}

interface Made extends CliPlace {
  readonly root: string;
  readonly runs: readonly string[];
  readonly gc: (...args: string[]) => Promise<CliResult>;
}

/** An experiment with a live run and two deleted ones, of each the file of 5 bytes written twice. */
async function make(name: string): Promise<Made> {
  const cwd = await temporaryFolder();
  const env = {
    AWS_ACCESS_KEY_ID: s3.accessKeyId,
    AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
    AWS_DEFAULT_REGION: s3.region,
    MLFLOW_S3_ENDPOINT_URL: s3.endpoint,
  };
  const place = { cwd, env };
  const location = `s3://${BUCKET}/${name}/1`;
  const id = (await mustRunCli(['experiments', 'create', '-n', 'e', '-q', '-l', location], place)).trim();
  await writeFile(join(cwd, 'f'), '12345');
  const runs: string[] = [];
  for (let number = 0; number < 3; number += 1) {
    const run = (await mustRunCli(['runs', 'create', '--experiment-id', id, '-q'], place)).trim();
    const log = ['artifacts', 'log', join(cwd, 'f'), '-r', run];
    await mustRunCli(log, place);
    await mustRunCli(log, place);
    if (number > 0) await mustRunCli(['runs', 'delete', '--run-id', run], place);
    runs.push(run);
  }
  return { ...place, root: `${name}/1`, runs, gc: (...args) => runCli(['gc', ...args], place) };
}

it('says how much a versioned bucket keeps, and frees it with --all-versions', async () => {
  const { root, runs, gc } = await make('rows');
  const [live = '', first = '', second = ''] = runs;
  const told = await gc('--run-ids', first);
  expect([told.code, told.stderr]).toEqual([0, '']);
  expect(told.stdout).toContain('; 5 B of that not freed: the bucket keeps older versions');
  expect(await kept(`${root}/${first}/`)).toEqual([2, 1]);
  await put(`${root}/${second}/artifacts2/f`);
  const all = await gc('--run-ids', second, '--all-versions', '--output', 'json');
  expect([all.code, JSON.parse(all.stdout)]).toMatchObject([
    0,
    { objects: 1, bytes: 10, not_freed: 0, items: [{ id: second, action: 'delete' }] },
  ]);
  expect(await kept(`${root}/${second}/artifacts/`)).toEqual([0, 0]);
  expect(await kept(`${root}/${second}/artifacts2/`)).toEqual([1, 0]);
  expect(await kept(`${root}/${live}/`)).toEqual([2, 0]);
});

it('removes orphans and unfinished uploads from a bucket, and nothing of a live run', async () => {
  const { root, runs, gc } = await make('sweep');
  const [live = ''] = runs;
  await put(`${root}/${ORPHAN}/artifacts/a`);
  await put(`${root}/${ORPHAN}/artifacts/a`);
  const old = ['--older-than', '0d', '--yes'];
  const at = ['--root', `s3://${BUCKET}/sweep`];
  expect((await gc('--orphans', ...at, '--older-than', '1h')).stdout).toContain('young');
  const swept = await gc('--orphans', ...at, ...old, '--max-delete', '100%', '--all-versions');
  expect([swept.code, swept.stdout]).toEqual([0, expect.stringContaining(`deleted run ${ORPHAN} (1 object`)]);
  expect(await kept(`${root}/${ORPHAN}/`)).toEqual([0, 0]);
  expect(await kept(`${root}/${live}/`)).toEqual([2, 0]);

  const upload = { Bucket: BUCKET, Key: `${root}/${live}/artifacts/big` };
  await s3.client.send(new CreateMultipartUploadCommand(upload));
  const uploads = async () =>
    (await s3.client.send(new ListMultipartUploadsCommand({ Bucket: BUCKET, Prefix: upload.Key }))).Uploads ??
    [];
  expect((await gc('--incomplete-uploads', '--yes')).stdout).toContain(
    '1 left out: younger than --older-than',
  );
  expect(await uploads()).toHaveLength(1);
  const given = await gc('--incomplete-uploads', ...old);
  expect([given.code, given.stdout]).toEqual([0, expect.stringContaining('deleted 1 unfinished upload')]);
  expect(await uploads()).toEqual([]);
});
