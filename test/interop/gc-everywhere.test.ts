import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { bytesSource } from '../../src/artifacts/sources.ts';
import type { GcItem, GcSummary } from '../../src/cli/output/gc.ts';
import { parseArtifactPath } from '../../src/core/artifact-path.ts';
import type { Io } from '../../src/core/io.ts';
import { parseLocation } from '../../src/core/location.ts';
import type { Stores } from '../../src/session/open-stores.ts';
import { localGround, type GcGround } from '../faults/gc-ground.ts';
import { experimentRow, makeRuns, runRows, type MadeRun } from '../faults/gc-records.ts';
import { startAzurite } from '../testbeds/azurite.ts';
import { uriOf } from '../testbeds/azurite-store.ts';
import type { Bed } from '../testbeds/bed.ts';
import { startFakeGcs } from '../testbeds/fake-gcs.ts';
import { startPyftpd } from '../testbeds/ftp.ts';
import { ftpUri } from '../testbeds/ftp-store.ts';
import { ALICE, makeHome } from '../testbeds/hdfs-store.ts';
import { startHdfs } from '../testbeds/hdfs.ts';
import { startVersitygw } from '../testbeds/s3.ts';
import { storesWith } from '../testbeds/session-stores.ts';
import { startSshd } from '../testbeds/sshd.ts';
import { s3Environment } from './configurations.ts';
import { runMlstow } from './mlstow-command.ts';
import { inBucket, inContainer, inFolder, inHdfs, type UnfinishedUploads } from './unfinished-uploads.ts';

const io: Io = { signal: new AbortController().signal };

/** One artifact root with a live run and deleted ones. */
interface Root {
  readonly uri: string;
  readonly live: MadeRun;
  readonly deleted: readonly MadeRun[];
}

let beds: readonly Bed[];
let ground: GcGround;
let env: Readonly<Record<string, string>>;
let roots: readonly Root[];
let stores: Stores;
/** By what the root of each begins with. */
let unfinished: Readonly<Record<string, UnfinishedUploads>>;

function rootAt(uri: string): Root {
  const [live, ...deleted] = makeRuns(uri, 4);
  return { uri, live: live!, deleted };
}

async function fill({ uri, live, deleted }: Root): Promise<void> {
  const store = await stores.at(parseLocation(uri));
  for (const path of [live, ...deleted].flatMap(({ files }) => files))
    await store.write(parseArtifactPath(path), bytesSource(Buffer.from('12345')), {}, io);
}

async function filesAt(uri: string): Promise<readonly string[]> {
  const store = await stores.at(parseLocation(uri));
  const found: string[] = [];
  for await (const page of store.list('', { recursive: true }, io))
    found.push(...page.filter(({ kind }) => kind === 'file').map(({ path }) => path));
  return found.sort();
}

beforeAll(async () => {
  const [s3, azurite, gcs, ftp, sshd, hdfs] = await Promise.all([
    startVersitygw(),
    startAzurite(),
    startFakeGcs(),
    startPyftpd(),
    startSshd(),
    startHdfs(),
  ]);
  ground = await localGround();
  beds = [s3, azurite, gcs, ftp, sshd, hdfs, ground];
  const served = join(sshd.dir, 'served');
  await mkdir(served);
  await chmod(served, 0o777);
  const home = '/user/alice';
  await Promise.all([
    s3.createBucket('arts'),
    azurite.createContainer('box'),
    gcs.createBucket('models'),
    makeHome(hdfs, home),
  ]);
  env = {
    ...s3Environment(s3),
    AZURE_STORAGE_CONNECTION_STRING: azurite.connectionString,
    STORAGE_EMULATOR_HOST: gcs.endpoint,
    HADOOP_USER_NAME: ALICE,
    HADOOP_CONF_DIR: hdfs.confDir,
    HOME: sshd.home,
  };
  roots = [
    's3://arts/root',
    uriOf('box', 'root'),
    'gs://models/root',
    ftpUri(ftp, 'root'),
    `sftp://${sshd.user}@127.0.0.1:${sshd.port}${served}/root`,
    `hdfs://${hdfs.authority}${home}/root`,
    ground.root,
  ].map(rootAt);
  unfinished = {
    s3: inBucket(s3, 'arts', 'root'),
    wasbs: inContainer(azurite.container('box'), 'root'),
    ftp: inFolder(join(ftp.root, 'root')),
    sftp: inFolder(join(served, 'root')),
    hdfs: inHdfs(hdfs, `${home}/root`),
    '/': inFolder(ground.root),
  };
  stores = await storesWith(env, sshd.home);
  await ground.sql(experimentRow(ground.root));
  for (const { uri, live, deleted } of roots)
    await ground.sql(`${runRows([live], 'active', uri)} ${runRows(deleted, 'deleted', uri)}`);
  await Promise.all(roots.map(fill));
});

afterAll(async () => {
  await stores.close();
  await Promise.all(beds.map((bed) => bed.stop()));
});

it('collects the runs of one database from seven kinds of stores at once', async () => {
  const args = ['gc', '--backend-store-uri', ground.uri(), '--older-than', '1d', '--output', 'jsonl'];
  const { code, stdout, stderr } = await runMlstow(args, { cwd: ground.place.cwd, env });
  expect([stderr, code]).toEqual(['', 0]);
  const lines = stdout.trim().split('\n').slice(0, -1);
  const items = lines.map((line) => JSON.parse(line) as GcItem);
  const deleted = roots.flatMap((root) => root.deleted);
  expect(items.map(({ id }) => id).sort()).toEqual(deleted.map(({ id }) => id).sort());
  for (const item of items) expect(item).toMatchObject({ action: 'delete', objects: 3, bytes: 15 });
  const live = roots.map((root) => root.live.id).sort();
  expect((await ground.column('SELECT run_uuid FROM runs')).toSorted()).toEqual(live);
  for (const root of roots) expect([root.uri, await filesAt(root.uri)]).toEqual([root.uri, root.live.files]);
});

/** How many unfinished uploads each store has left. */
async function leftBy(): Promise<Readonly<Record<string, number>>> {
  const all = Object.entries(unfinished).map(async ([name, uploads]) => [
    name,
    (await uploads.left()).length,
  ]);
  return Object.fromEntries(await Promise.all(all)) as Record<string, number>;
}

async function giveUp(...more: string[]) {
  const args = ['gc', '--incomplete-uploads', '--backend-store-uri', ground.uri(), '--output', 'jsonl'];
  const { code, stdout, stderr } = await runMlstow([...args, ...more], { cwd: ground.place.cwd, env });
  const lines = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as GcItem & GcSummary);
  const { left_out: leftOut } = lines.at(-1)!;
  return { code, stderr, leftOut, items: lines.slice(0, -1).map(({ action, bytes }) => ({ action, bytes })) };
}

it('gives up unfinished uploads by their age where the store tells one, and else when asked to', async () => {
  for (const { uri, live } of roots) {
    const place = unfinished[uri.startsWith('/') ? '/' : (uri.split(':')[0] ?? '')];
    const path = `${live.files[0]!.split('/').slice(0, 3).join('/')}/half.bin`;
    await place?.begin(path, false);
    if (uri.startsWith('s3:') || uri.startsWith('wasbs:')) continue;
    await place?.begin(path, true);
  }
  const all = { s3: 1, wasbs: 1, ftp: 2, sftp: 2, hdfs: 2, '/': 2 };
  expect(await leftBy()).toEqual(all);
  const old = Array.from({ length: 4 }, () => ({ action: 'delete', bytes: 4 }));
  for (const [flags, left] of [
    [[], all],
    [['--yes'], { ...all, ftp: 1, sftp: 1, hdfs: 1, '/': 1 }],
  ] as const) {
    const told = await giveUp(...flags);
    expect(told).toMatchObject({ code: 0, items: old, leftOut: { young: 5, undated: 1, elsewhere: 0 } });
    expect(told.stderr).toMatch(/wasbs:.*: 1 unfinished upload is left, .*--include-undated/);
    expect(told.stderr).toMatch(/gs:.* does not tell of unfinished uploads/);
    expect(await leftBy()).toEqual(left);
  }
  const rest = await giveUp('--yes', '--older-than', '0s', '--include-undated');
  expect([rest.code, rest.items.length]).toEqual([0, 6]);
  expect(await leftBy()).toEqual({ s3: 0, wasbs: 0, ftp: 0, sftp: 0, hdfs: 0, '/': 0 });
  for (const { uri, live } of roots) expect([uri, await filesAt(uri)]).toEqual([uri, live.files]);
});
