import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DeleteObjectsCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askMlstow, MLSTOW, mustRunMlstow } from '../interop/mlstow-command.ts';
import { bareEnvironment, freePort } from '../testbeds/bed.ts';
import { runCommand } from '../testbeds/run-command.ts';
import { startVersitygw, type S3Bed } from '../testbeds/s3.ts';
import { atRandom } from './seeded.ts';
import { logArgs, logThrough, makeTree, placeOf, type Files, type Rig } from './transfer-rig.ts';
import { s3Oracle } from './transfer-s3-oracle.ts';

const MIB = 1024 ** 2;
const SOAK = process.env['MLSTOW_SOAK'] !== undefined;
const TURNS = SOAK ? 50 : 3;
const LARGE_BYTES = (SOAK ? 40 : 8) * MIB;
const IN_PARTS = {
  MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE: String(6 * MIB),
  MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE: String(5 * MIB),
  MLFLOW_MULTIPART_DOWNLOAD_MINIMUM_FILE_SIZE: String(4 * MIB),
  MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE: String(3 * MIB),
};

let home: string;
let files: Files;
let total = 0;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'mlstow-transfer-'));
  files = await makeTree(home, { small: SOAK ? 200 : 60, large: 2, largeBytes: LARGE_BYTES });
  for (const { byteLength } of files.values()) total += byteLength;
  await mkdir(join(home, 'disk'));
});
afterAll(async () => rm(home, { recursive: true, force: true }));

/** A full disk at the machine itself, which only these commands see; a larger one for the second try. */
describe('a disk that fills up', () => {
  let env: Readonly<Record<string, string>>;
  let experiment: string;
  let base: string;

  const must = async (args: readonly string[]): Promise<string> => askMlstow(args, { cwd: home, env });

  beforeAll(async () => {
    env = { ...IN_PARTS, MLFLOW_TRACKING_URI: 'sqlite:///runs.db', XDG_STATE_HOME: join(home, 'state') };
    const made = ['experiments', 'create', '-n', 'disk', '-l', join(home, 'disk/store'), '--allow-local'];
    experiment = await must(made);
    const kept = ['experiments', 'create', '-n', 'kept', '-l', join(home, 'kept'), '--allow-local'];
    base = await must(['runs', 'create', '-x', await must(kept), '--status', 'running']);
    await mustRunMlstow(['artifacts', 'log', 'tree/', '-r', base, '--allow-local'], { cwd: home, env });
  });

  /**
   * Runs a command on a disk of so many bytes, then again on one that is large enough.
   * @param at where on the disk the tree then is
   * @returns exit codes, and the names that after the first try are not what they are in the tree
   */
  const onSmallDisk = async (bytes: number, at: string, args: readonly string[]) => {
    const script = `
      mount -t tmpfs -o size=${bytes} tmpfs disk && mkdir -p disk/store disk/down
      "$@" >/dev/null 2>first.err; echo "first $?"
      mkdir -p ${at}
      (cd ${at} && find . -type f ! -name '.artifact.uploading.*' | while read -r name; do
        cmp -s "$name" "${home}/tree/$name" || echo "odd $name"; done)
      mount -o remount,size=${4 * total} disk
      "$@" >/dev/null 2>&1; echo "second $?"
      diff -r ${at} tree && echo whole
      ls state/mlstow/transfers 2>/dev/null | sed 's/^/left /'
      cat first.err`;
    const isolated = ['--map-root-user', '--mount', 'sh', '-c', script, 'sh', process.execPath, MLSTOW];
    const inside = { cwd: home, env: { ...bareEnvironment(home), ...env } };
    const { stdout, stderr } = await runCommand('unshare', [...isolated, ...args], inside);
    return `${stdout}${stderr}`;
  };

  const expectClean = (said: string): void => {
    expect(said).toMatch(/^first [47]$/m);
    expect(said).toMatch(/no space (is )?left/);
    expect(said).toMatch(/^second 0$/m);
    expect(said).toMatch(/^whole$/m);
    expect(said).not.toMatch(/^(odd|left|Only in|Binary)/m);
  };

  it(`under a download ends it clearly, and the next one completes it, at ${TURNS} sizes`, async () => {
    await atRandom('target', TURNS, async (random) => {
      const args = ['artifacts', 'download', '-r', base, '-d', join(home, 'disk/down')];
      const said = await onSmallDisk(Math.floor((0.05 + 0.9 * random()) * total), 'disk/down', args);
      expectClean(said);
    });
  }, 3_600_000);

  it(`under a local store ends the logging clearly, and the next one completes it, at ${TURNS} sizes`, async () => {
    await atRandom('store', TURNS, async (random) => {
      const run = await must(['runs', 'create', '-x', experiment, '--status', 'running']);
      const args = ['artifacts', 'log', 'tree/', '-r', run, '--allow-local'];
      const at = `disk/store/${run}/artifacts`;
      expectClean(await onSmallDisk(Math.floor((0.05 + 0.9 * random()) * total), at, args));
    });
  }, 3_600_000);
});

describe('a server whose disk fills up', () => {
  const Bucket = 'full';
  const DISK = 4 * (SOAK ? 90 : 20) * MIB;
  let bed: S3Bed;
  let rig: Rig;

  beforeAll(async () => {
    const mounted = `mount -t tmpfs -o size=${DISK} tmpfs "$0" && exec "$@"`;
    const data = join(home, 'served');
    await mkdir(data);
    bed = await startVersitygw({
      serves: { data, port: await freePort() },
      runBy: ['unshare', '--map-root-user', '--mount', 'sh', '-c', mounted, data],
    });
    await bed.createBucket(Bucket);
    const env = {
      MLFLOW_S3_ENDPOINT_URL: bed.endpoint,
      AWS_ACCESS_KEY_ID: bed.accessKeyId,
      AWS_SECRET_ACCESS_KEY: bed.secretAccessKey,
      AWS_DEFAULT_REGION: bed.region,
      MLFLOW_TRACKING_URI: 'sqlite:///runs.db',
      ...IN_PARTS,
    };
    const place = { cwd: home, env };
    const made = ['experiments', 'create', '-n', 'served', '-l', `s3://${Bucket}/e`];
    const experiment = await askMlstow(made, place);
    const run = await askMlstow(['runs', 'create', '-x', experiment, '--status', 'running'], place);
    rig = {
      home,
      env,
      flags: [],
      run,
      files,
      oracle: s3Oracle(bed.client, undefined, Bucket, `e/${run}/artifacts`),
    };
    await mustRunMlstow(logArgs(rig, 'warm'), placeOf(rig));
    await empty();
  });
  afterAll(async () => bed.stop());

  const empty = async (): Promise<void> => {
    const { Contents = [] } = await bed.client.send(new ListObjectsV2Command({ Bucket }));
    const Objects = Contents.map(({ Key }) => ({ Key }));
    if (Objects.length > 0) await bed.client.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects } }));
  };

  it(`ends the logging clearly, and the next one completes it, at ${TURNS} sizes`, async () => {
    await atRandom('served', TURNS, async (random, turn) => {
      const Body = Buffer.alloc(DISK - Math.floor((0.1 + 0.8 * random()) * total));
      const { code, stderr } = await logThrough(rig, `turn-${turn}`, {
        begin: async () => {
          await bed.client.send(new PutObjectCommand({ Bucket, Key: 'ballast', Body }));
        },
        end: async () => {
          const Delete = { Objects: [{ Key: 'ballast' }] };
          await bed.client.send(new DeleteObjectsCommand({ Bucket, Delete }));
        },
      });
      expect([4, 7], stderr.slice(-1_000)).toContain(code);
      await empty();
    });
  }, 3_600_000);
});
