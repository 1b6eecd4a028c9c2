import { appendFile, chmod, mkdir, mkdtemp, readdir, readFile, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, it } from 'vitest';
import { askMlstow, mustRunMlstow } from '../interop/mlstow-command.ts';
import { startAzurite } from '../testbeds/azurite.ts';
import type { Bed } from '../testbeds/bed.ts';
import { startFakeGcs } from '../testbeds/fake-gcs.ts';
import { mustRun } from '../testbeds/run-command.ts';
import { startSshd } from '../testbeds/sshd.ts';
import { startToxiproxy, type Proxy } from '../testbeds/toxiproxy.ts';
import { startResumableFront } from './resumable-front.ts';
import { startManglingProxy, type ManglingProxy, type Trouble } from './mangling-proxy.ts';
import { atRandom, told } from './seeded.ts';
import {
  downloadThrough,
  logArgs,
  logThrough,
  makeTree,
  placeOf,
  type Fault,
  type Files,
  type Oracle,
  type Rig,
} from './transfer-rig.ts';

const MIB = 1024 ** 2;
const SOAK = process.env['MLSTOW_SOAK'] !== undefined;
const SMALL = SOAK ? 200 : 40;
const LARGE_BYTES = (SOAK ? 40 : 9) * MIB;
const TURNS = SOAK ? 50 : 3;
/** Parts on both ways, although the files are small. */
const IN_PARTS = {
  MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE: String(4 * MIB),
  MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE: String(2 * MIB),
  MLFLOW_MULTIPART_DOWNLOAD_MINIMUM_FILE_SIZE: String(4 * MIB),
  MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE: String(2 * MIB),
};

/** Where a trouble strikes: in which direction, after how many bodies of at least how many bytes, and where in those. */
interface Aim {
  readonly way: 'up' | 'down';
  readonly after: number;
  readonly leastBytes: number;
  readonly times: number;
  readonly random: () => number;
}

/** A store, and what stands in front of it. */
interface Target extends Bed {
  readonly env: Readonly<Record<string, string>>;
  readonly location: string;
  /** @param prefix of the run's artifacts below the location */
  oracle(prefix: string): Oracle;
  readonly troubles: readonly Trouble[];
  fault(aim: Aim, trouble: Trouble): Fault;
}

let home: string;
let files: Files;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'mlstow-transfer-'));
  files = await makeTree(home, { small: SMALL, large: 2, largeBytes: LARGE_BYTES });
});
afterAll(async () => rm(home, { recursive: true, force: true }));

function byProxy(proxy: ManglingProxy, aim: Aim, trouble: Trouble): Fault {
  return { begin: () => proxy.strike({ ...aim, trouble }), end: () => void proxy.heal() };
}

/** Connections end after some bytes, politely or not. */
function byToxic(proxy: Proxy, { way, random }: Aim, trouble: Trouble): Fault {
  const stream = way === 'up' ? 'upstream' : 'downstream';
  const bytes = Math.floor(random() * 3 * MIB);
  return {
    begin: async () => {
      if (trouble === 'cut') await proxy.add({ type: 'limit_data', stream, attributes: { bytes } });
      else
        await proxy.add({
          type: 'reset_peer',
          stream,
          attributes: { timeout: 150 + Math.floor(600 * random()) },
        });
    },
    end: async () => proxy.heal(),
  };
}

async function azurite(): Promise<Target> {
  const bed = await startAzurite();
  await bed.createContainer('faults');
  const { origin } = new URL(bed.endpoint);
  const proxy = await startManglingProxy(origin);
  const container = bed.container('faults');
  return {
    env: { AZURE_STORAGE_CONNECTION_STRING: bed.connectionString.replace(origin, proxy.url) },
    location: `wasbs://faults@${bed.account}.blob.core.windows.net/e`,
    troubles: ['reset', 'cut', 'flip'],
    fault: (aim, trouble) => byProxy(proxy, aim, trouble),
    oracle: (run) => ({
      sizes: async (under) => {
        const prefix = `e/${run}/${under}/`;
        const sizes = new Map<string, number>();
        for await (const { name, properties } of container.listBlobsFlat({ prefix }))
          sizes.set(name.slice(prefix.length), properties.contentLength ?? -1);
        return sizes;
      },
      content: async (under, name) => container.getBlobClient(`e/${run}/${under}/${name}`).downloadToBuffer(),
      unfinished: async (under) => {
        const found: string[] = [];
        const asked = { includeUncommitedBlobs: true, prefix: `e/${run}/${under}/` };
        for await (const { name, properties } of container.listBlobsFlat(asked))
          if (properties.contentLength === 0) found.push(name);
        return found;
      },
    }),
    stop: async () => {
      await proxy.stop();
      await bed.stop();
    },
  };
}

async function fakeGcs(): Promise<Target> {
  const bed = await startFakeGcs();
  await bed.createBucket('faults');
  const front = await startResumableFront(bed.endpoint);
  const proxy = await startManglingProxy(front.url);
  const bucket = bed.client.bucket('faults');
  return {
    env: { STORAGE_EMULATOR_HOST: proxy.url },
    location: 'gs://faults/e',
    troubles: ['reset', 'cut', 'flip'],
    fault: (aim, trouble) => byProxy(proxy, aim, trouble),
    oracle: (run) => ({
      sizes: async (under) => {
        const prefix = `e/${run}/${under}/`;
        const [found] = await bucket.getFiles({ prefix });
        return new Map(found.map(({ name, metadata }) => [name.slice(prefix.length), Number(metadata.size)]));
      },
      content: async (under, name) => (await bucket.file(`e/${run}/${under}/${name}`).download())[0],
      unfinished: async () => [],
    }),
    stop: async () => {
      await proxy.stop();
      await front.stop();
      await bed.stop();
    },
  };
}

const UNFINISHED = '.artifact.uploading.';

/** What a server of files shows, by the folder that it serves. */
function folderOracle(root: string): Oracle {
  const filesIn = async (under: string): Promise<readonly string[]> => {
    const found = await readdir(join(root, under), { recursive: true, withFileTypes: true }).catch(() => []);
    return found
      .filter((each) => each.isFile() && !each.name.startsWith(UNFINISHED))
      .map(({ parentPath, name }) => join(parentPath, name).slice(join(root, under).length + 1));
  };
  return {
    sizes: async (under) => {
      const names = await filesIn(under);
      const facts = await Promise.all(names.map(async (name) => stat(join(root, under, name))));
      return new Map(names.map((name, index) => [name, facts[index]?.size ?? -1]));
    },
    content: async (under, name) => readFile(join(root, under, name)),
    // What a lost connection leaves has a name that nobody looks for, and is not part of any listing.
    unfinished: async () => [],
  };
}

async function sftp(): Promise<Target> {
  const [sshd, toxiproxy] = await Promise.all([startSshd(), startToxiproxy()]);
  const served = join(sshd.dir, 'served');
  await mkdir(served);
  await chmod(served, 0o777);
  const proxy = await toxiproxy.proxy(`${sshd.host}:${sshd.port}`);
  const port = proxy.address.split(':')[1] ?? '';
  const { stdout } = await mustRun('ssh-keyscan', ['-p', port, '127.0.0.1']);
  await appendFile(sshd.knownHosts, stdout);
  return {
    env: { HOME: sshd.home },
    location: `sftp://${sshd.user}@${proxy.address}${served}`,
    troubles: ['reset', 'cut'],
    fault: (aim, trouble) => byToxic(proxy, aim, trouble),
    oracle: (run) => folderOracle(join(served, run)),
    stop: async () => {
      await toxiproxy.stop();
      await sshd.stop();
    },
  };
}

function aimOf(random: () => number, turn: number): Aim {
  const aimsAtLarge = random() < 0.5;
  return {
    way: turn % 2 === 0 ? 'up' : 'down',
    after: Math.floor(random() * (aimsAtLarge ? LARGE_BYTES / MIB : SMALL)),
    leastBytes: aimsAtLarge ? MIB : 1,
    times: random() < 0.5 ? 1 : Infinity,
    random,
  };
}

describe.each([
  ['Azure', azurite],
  ['Google', fakeGcs],
  ['SFTP', sftp],
] as const)('a transfer to and from %s', (name, start) => {
  let target: Target;
  let rig: Rig;

  beforeAll(async () => {
    target = await start();
    const env = { ...target.env, ...IN_PARTS, MLFLOW_TRACKING_URI: `sqlite:///${join(home, 'runs.db')}` };
    const place = { cwd: home, env };
    const made = ['experiments', 'create', '-n', name, '-l', target.location];
    const experiment = await askMlstow(made, place);
    const run = await askMlstow(['runs', 'create', '-x', experiment, '--status', 'running'], place);
    rig = { home, env, flags: [], run, files, oracle: target.oracle(`${run}/artifacts`) };
    await mustRunMlstow(logArgs(rig, 'base'), placeOf(rig));
  });
  afterAll(async () => target.stop());

  it(`survives broken connections and bytes that are others, at ${TURNS} moments`, async () => {
    const folder = join(home, 'down');
    await atRandom(name, TURNS, async (random, turn) => {
      const aim = aimOf(random, turn);
      const trouble = target.troubles[turn % target.troubles.length] ?? 'reset';
      await told({ ...aim, trouble, times: String(aim.times) }, async () => {
        const fault = target.fault(aim, trouble);
        await (aim.way === 'up'
          ? logThrough(rig, `turn-${turn}`, fault)
          : downloadThrough(rig, 'base', folder, fault));
        await rm(folder, { recursive: true, force: true });
      });
    });
  }, 3_600_000);
});
