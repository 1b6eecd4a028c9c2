import { createHash } from 'node:crypto';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { proves } from '../conformance/proves.ts';
import { runPython } from '../testbeds/mlflow.ts';
import { startMinio, startVersitygw, type S3Bed } from '../testbeds/s3.ts';
import { mustRunMlstow } from './mlstow-command.ts';
import { bytesOf } from './proxy-multipart-front.ts';
import { LARGE_BYTES, PARTS, sha256, startRig, withEnv, type Rig } from './proxy-multipart-rig.ts';

const MIB = 1024 ** 2;
const STORE = { bed: 'stock MLflow server, past it to its S3 destination', scheme: 'mlflow-artifacts' };
/** More than everything that is not an artifact's bytes: URLs, listings, runs. */
const TALK = 256 * 1024;

/** The ETag of an object in parts of 5 MiB: it proves how the object came there, and that it is whole. */
function tagInParts(bytes: Buffer): string {
  const parts = Array.from({ length: Math.ceil(bytes.byteLength / (5 * MIB)) }, (_, index) =>
    createHash('md5')
      .update(bytes.subarray(index * 5 * MIB, (index + 1) * 5 * MIB))
      .digest(),
  );
  return `${createHash('md5').update(Buffer.concat(parts)).digest('hex')}-${parts.length}`;
}

describe.each([
  ['versitygw', startVersitygw],
  ['MinIO', startMinio],
] as const)('past a stock server to %s', (_, start) => {
  let bed: S3Bed;
  let rig: Rig;

  beforeAll(async () => {
    bed = await start();
    rig = await startRig(bed);
  });
  afterAll(async () => {
    await rig.stop();
    await bed.stop();
  });
  beforeEach(() => {
    rig.server.passed.length = 0;
    rig.s3.passed.length = 0;
  });

  test.each([
    ['as the server says', {}],
    ['as MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD says', { MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD: 'true' }],
  ])('a large file goes in parts, %s, and no byte of it through the server', async (_how, env) => {
    const run = await rig.newRun();
    const place = withEnv(rig.place, env);
    const { stdout } = await mustRunMlstow(
      ['artifacts', 'log', rig.large, '-r', run, '-a', 'models/one', '--output', 'json'],
      place,
    );
    expect(JSON.parse(stdout)).toMatchObject({ items: [{ path: 'models/one/large.bin' }] });
    expect(await rig.stored(run)).toEqual({ 'models/one/large.bin': tagInParts(await readFile(rig.large)) });
    expect(bytesOf(rig.server).sent).toBeLessThan(TALK);
    const parts = rig.s3.passed.filter(({ url }) => url.searchParams.has('partNumber'));
    expect(parts.map(({ sent }) => sent).toSorted((a, b) => a - b)).toEqual([
      17,
      ...[1, 2, 3, 4].map(() => 5 * MIB),
    ]);
    expect(await rig.unfinished()).toEqual([]);
  });

  test('a small file, or any file when it is switched off, goes through the server', async () => {
    const run = await rig.newRun();
    const small = join(rig.dir, 'small.bin');
    await writeFile(small, Buffer.alloc(3 * MIB, 'x'));
    await mustRunMlstow(['artifacts', 'log', small, '-r', run], rig.place);
    const off = withEnv(rig.place, { MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD: 'false' });
    await mustRunMlstow(['artifacts', 'log', rig.large, '-r', run], off);
    expect(bytesOf(rig.server).sent).toBeGreaterThanOrEqual(3 * MIB + LARGE_BYTES);
    expect(Object.keys(await rig.stored(run)).toSorted()).toEqual(['large.bin', 'small.bin']);
  });

  test('files come straight from the store, of any size and name; through the server when it is switched off', async (context) => {
    const run = await rig.newRun();
    const source = join(rig.dir, 'source');
    await mkdir(join(source, 'ein Ordner'), { recursive: true });
    await writeFile(join(source, 'ein Ordner', 'ü + & = ~.txt'), 'words');
    await writeFile(join(source, 'empty'), '');
    await mustRunMlstow(['artifacts', 'log', `${source}/`, '-r', run], rig.place);
    await mustRunMlstow(['artifacts', 'log', rig.large, '-r', run], rig.place);
    for (const [download, least, most] of [
      ['true', 0, TALK],
      ['', 0, TALK],
      ['false', LARGE_BYTES, LARGE_BYTES + TALK],
    ] as const) {
      rig.server.passed.length = 0;
      const target = join(rig.dir, `target ${download}`);
      const env: Record<string, string> =
        download === '' ? {} : { MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD: download };
      await mustRunMlstow(['artifacts', 'download', '-r', run, '-d', target], withEnv(rig.place, env));
      expect(await sha256(join(target, 'large.bin'))).toBe(await sha256(rig.large));
      expect(await readFile(join(target, 'ein Ordner', 'ü + & = ~.txt'), 'utf8')).toBe('words');
      expect(await readFile(join(target, 'empty'), 'utf8')).toBe('');
      const { given } = bytesOf(rig.server);
      expect([given >= least, given <= most]).toEqual([true, true]);
    }
    await proves(context, { ...STORE, operations: ['read', 'presign'] });
  });

  test('the stock client reads what was sent in parts, and what it sends in parts is read', async (context) => {
    const run = await rig.newRun();
    await mustRunMlstow(['artifacts', 'log', rig.large, '-r', run, '-a', 'ours'], rig.place);
    const script = `
import mlflow, sys
run, file, folder = sys.argv[1:]
print(mlflow.artifacts.download_artifacts(run_id=run, artifact_path="ours/large.bin", dst_path=folder))
mlflow.MlflowClient().log_artifact(run, file, "theirs")
`;
    const folder = join(rig.dir, 'stock');
    await mkdir(folder);
    const env = {
      MLFLOW_TRACKING_URI: rig.server.url,
      MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD: 'true',
      ...PARTS,
    };
    const { code, stderr } = await runPython(script, [run, rig.large, folder], env);
    expect([code, code === 0 ? '' : stderr]).toEqual([0, '']);
    const sum = await sha256(rig.large);
    expect(await sha256(join(folder, 'large.bin'))).toBe(sum);
    const stored = await rig.stored(run);
    expect(stored['theirs/large.bin']).toBe(stored['ours/large.bin']);
    const target = join(rig.dir, 'from the stock client');
    const ask = ['artifacts', 'download', '-r', run, '-a', 'theirs/large.bin', '-d', target];
    await mustRunMlstow(ask, rig.place);
    expect(await sha256(join(target, 'large.bin'))).toBe(sum);
    await proves(context, { ...STORE, operations: ['multipart', 'presign'] });
  });
});

describe('a stock server with a local destination', () => {
  let rig: Rig;
  beforeAll(async () => {
    rig = await startRig(undefined);
  });
  afterAll(async () => rig.stop());

  test('takes large files as a whole; it is asked for parts once', async () => {
    const run = await rig.newRun();
    const other = join(rig.dir, 'other.bin');
    await writeFile(other, Buffer.alloc(7 * MIB));
    const on = withEnv(rig.place, {
      MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD: 'true',
      MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD: 'true',
      MLSTOW_WORKERS: '1',
    });
    rig.server.passed.length = 0;
    await mustRunMlstow(['artifacts', 'log', rig.large, other, '-r', run], on);
    expect(bytesOf(rig.server).sent).toBeGreaterThan(LARGE_BYTES + 7 * MIB);
    const asked = rig.server.passed.filter(({ url }) => url.pathname.includes('/mpu/'));
    expect(asked.map(({ status }) => status)).toEqual([501]);
    const target = join(rig.dir, 'target');
    await mustRunMlstow(['artifacts', 'download', '-r', run, '-d', target], on);
    expect(await sha256(join(target, 'large.bin'))).toBe(await sha256(rig.large));
    const urls = rig.server.passed.filter(({ url }) => url.pathname.includes('/presigned/'));
    expect(urls.map(({ status }) => status)).toEqual([501]);
  });
});
