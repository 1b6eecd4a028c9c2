import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pattern } from '../conformance/artifact-store/pattern.ts';
import { askMlstow, mustRunMlstow, runMlstow, type Place } from '../interop/mlstow-command.ts';
import { startMinio, startVersitygw, type S3Bed } from '../testbeds/s3.ts';

const MIB = 1024 ** 2;
/** One that is read, one whose MD5 the server tells, and one in parts. */
const FILES = { 'tree/small': 5_000, 'tree/medium': 5 * MIB, 'tree/large': 70 * MIB } as const;

let home: string;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'mlstow-flipped-'));
  await mkdir(join(home, 'tree'));
  for (const [name, size] of Object.entries(FILES)) await writeFile(join(home, name), pattern(size));
});

afterAll(async () => rm(home, { recursive: true, force: true }));

describe.each([
  ['versitygw', startVersitygw],
  ['MinIO', startMinio],
] as const)('%s', (name, start) => {
  let bed: S3Bed;
  let place: Place;
  let runId: string;

  beforeAll(async () => {
    bed = await start();
    await bed.createBucket('flipped');
    place = {
      cwd: home,
      env: {
        MLFLOW_TRACKING_URI: `sqlite:///${name}.db`,
        MLFLOW_S3_ENDPOINT_URL: bed.endpoint,
        AWS_ACCESS_KEY_ID: bed.accessKeyId,
        AWS_SECRET_ACCESS_KEY: bed.secretAccessKey,
        AWS_DEFAULT_REGION: bed.region,
      },
    };
    const experiment = await askMlstow(['experiments', 'create', '-n', 'e', '-l', 's3://flipped/e'], place);
    runId = await askMlstow(['runs', 'create', '-x', experiment, '--status', 'running'], place);
    await mustRunMlstow(['artifacts', 'log', 'tree', '-r', runId], place);
  });
  afterAll(async () => bed.stop());

  const verify = async (...more: string[]) =>
    runMlstow(['artifacts', 'verify', '-r', runId, '-a', 'tree', '--against', 'tree', ...more], place);

  it('a byte that is another one under the same size is found by content, in each file', async () => {
    const before = await verify();
    expect(before.stderr).toContain('3 by checksum');
    expect(before).toMatchObject({ code: 0, stdout: '' });
    for (const [file, size] of Object.entries(FILES)) {
      const Body = pattern(size);
      Body[Math.floor(size / 2)]! ^= 1;
      const Key = `e/${runId}/artifacts/${file}`;
      await bed.client.send(new PutObjectCommand({ Bucket: 'flipped', Key, Body }));
    }
    expect(await verify('--size-only')).toMatchObject({ code: 0, stdout: '' });
    const { code, stdout } = await verify('--output', 'json');
    expect(code).toBe(4);
    const { items, differences } = JSON.parse(stdout) as {
      readonly items: readonly { readonly path: string; readonly differs: string }[];
      readonly differences: unknown;
    };
    expect(items.map(({ path, differs }) => `${path} ${differs}`).toSorted()).toEqual(
      Object.keys(FILES)
        .map((file) => `${file} content`)
        .toSorted(),
    );
    expect(differences).toEqual({ content: 3 });
  });
});
