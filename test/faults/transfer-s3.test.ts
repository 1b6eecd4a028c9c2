import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askMlstow, mustRunMlstow } from '../interop/mlstow-command.ts';
import { freePort } from '../testbeds/bed.ts';
import type { Finished } from '../testbeds/run-command.ts';
import { startVersitygw, type S3Bed } from '../testbeds/s3.ts';
import { startManglingProxy, type ManglingProxy, type Strike, type Trouble } from './mangling-proxy.ts';
import { atRandom, told } from './seeded.ts';
import {
  downloadThrough,
  logArgs,
  logThrough,
  makeTree,
  placeOf,
  type Fault,
  type Rig,
} from './transfer-rig.ts';
import { s3Oracle } from './transfer-s3-oracle.ts';

const MIB = 1024 ** 2;
const SOAK = process.env['MLSTOW_SOAK'] !== undefined;
const SMALL = SOAK ? 200 : 60;
const LARGE_BYTES = (SOAK ? 40 : 15) * MIB;
/** Of two files, in parts of 5 MiB, the least that S3 takes. */
const PARTS = (2 * LARGE_BYTES) / (5 * MIB);
const BUCKET = 'faults';
const TURNS = SOAK ? 50 : 3;
/** Parts on both ways, although the files are small. */
const IN_PARTS = {
  MLFLOW_MULTIPART_UPLOAD_MINIMUM_FILE_SIZE: String(8 * MIB),
  MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE: String(5 * MIB),
  MLFLOW_MULTIPART_DOWNLOAD_MINIMUM_FILE_SIZE: String(8 * MIB),
  MLFLOW_MULTIPART_DOWNLOAD_CHUNK_SIZE: String(5 * MIB),
};
const UP_WHOLE = { MLFLOW_ENABLE_MULTIPART_UPLOAD: 'false' };
const DOWN_WHOLE = { MLFLOW_ENABLE_MULTIPART_DOWNLOAD: 'false' };

let home: string;
let data: string;
let serves: { readonly data: string; readonly port: number };
let bed: S3Bed;
let proxy: ManglingProxy;
let rig: Rig;

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'mlstow-transfer-'));
  data = join(home, 'data');
  serves = { data, port: await freePort() };
  bed = await startVersitygw({ serves });
  await bed.createBucket(BUCKET);
  proxy = await startManglingProxy(bed.endpoint);
  const env = {
    MLFLOW_S3_ENDPOINT_URL: proxy.url,
    AWS_ACCESS_KEY_ID: bed.accessKeyId,
    AWS_SECRET_ACCESS_KEY: bed.secretAccessKey,
    AWS_DEFAULT_REGION: bed.region,
    MLFLOW_TRACKING_URI: 'sqlite:///runs.db',
    ...IN_PARTS,
  };
  const files = await makeTree(home, { small: SMALL, large: 2, largeBytes: LARGE_BYTES });
  const made = ['experiments', 'create', '-n', 'faults', '-l', `s3://${BUCKET}/e`];
  const experiment = await askMlstow(made, { cwd: home, env });
  const run = await askMlstow(['runs', 'create', '-x', experiment, '--status', 'running'], {
    cwd: home,
    env,
  });
  const oracle = s3Oracle(bed.client, data, BUCKET, `e/${run}/artifacts`);
  rig = { home, env, flags: [], run, files, oracle };
  await mustRunMlstow(logArgs(rig, 'parted'), placeOf(rig));
  await mustRunMlstow(logArgs(rig, 'whole'), placeOf(rig, UP_WHOLE));
});
afterAll(async () => {
  await proxy.stop();
  await bed.stop();
  await rm(home, { recursive: true, force: true });
});

/** One try: what goes wrong at which moment, and what the tree is like. */
interface Turn {
  readonly way: Strike['way'];
  readonly under: string;
  readonly more: Readonly<Record<string, string>>;
  readonly after: number;
  readonly leastBytes: number;
  readonly times: number;
  readonly random: () => number;
}

function turnOf(random: () => number, number: number): Turn {
  const way = number % 2 === 0 ? 'up' : 'down';
  const inParts = random() < 0.7;
  const aimsAtLarge = random() < 0.5;
  const bodies = aimsAtLarge ? (inParts ? PARTS : 2) : SMALL;
  const wholes = way === 'up' ? UP_WHOLE : DOWN_WHOLE;
  return {
    way,
    under: way === 'up' ? `turn-${number}` : 'parted',
    more: inParts ? {} : wholes,
    after: Math.floor(random() * bodies),
    leastBytes: aimsAtLarge ? MIB : 1,
    times: random() < 0.5 ? 1 : Infinity,
    random,
  };
}

async function tryTurn(turn: Turn, fault: Fault): Promise<Finished> {
  const folder = join(home, 'down');
  try {
    if (turn.way === 'up') return await logThrough(rig, turn.under, fault, turn.more);
    return await downloadThrough(rig, turn.under, folder, fault, turn.more);
  } finally {
    await rm(folder, { recursive: true, force: true });
    if (turn.way === 'up')
      await rm(join(data, BUCKET, 'e', rig.run, 'artifacts', turn.under), { recursive: true });
  }
}

/** Tries a fault at random moments. */
async function repeat(
  name: string,
  attempt: (turn: Turn) => Promise<void>,
  vary: (turn: Turn) => Turn = (turn) => turn,
): Promise<void> {
  await atRandom(name, TURNS, async (random, number) => {
    const turn = vary(turnOf(random, number));
    await told({ ...turn, times: String(turn.times) }, async () => attempt(turn));
  });
}

/** Bodies are struck by a trouble until the fault ends. @returns how often */
async function strikeIn(
  turn: Turn,
  trouble: Trouble,
): Promise<{ readonly struck: number; readonly ended: Finished }> {
  let struck = 0;
  const ended = await tryTurn(turn, {
    begin: () => proxy.strike({ ...turn, trouble }),
    end: () => {
      struck = proxy.heal();
    },
  });
  return { struck, ended };
}

const errorBody = (code: string): string =>
  `<?xml version="1.0"?><Error><Code>${code}</Code><Message>no</Message></Error>`;

describe('a transfer to and from S3', () => {
  it.each([
    ['a connection that is reset', 'reset'],
    ['a body that is cut', 'cut'],
    ['a body that is shorter than announced', 'longer'],
    ['a body that is longer than announced', 'shorter'],
  ] as const)(
    `survives %s, at ${TURNS} moments`,
    async (name, trouble) => {
      let hits = 0;
      await repeat(name, async (turn) => {
        hits += (await strikeIn(turn, trouble)).struck;
      });
      expect(hits).toBeGreaterThan(0);
    },
    3_600_000,
  );

  it(`takes no byte that is another one for its own, at ${TURNS} moments`, async () => {
    let hits = 0;
    await repeat('flip', async (turn) => {
      const { struck, ended } = await strikeIn(turn, 'flip');
      hits += struck;
      // One flipped byte is sent or fetched again; where each try has another one, it is told.
      if (struck > 0) expect([turn.times, ended.code]).toEqual([turn.times, turn.times === 1 ? 0 : 4]);
    });
    expect(hits).toBeGreaterThan(0);
  }, 3_600_000);

  it('proves objects in parts by the checksum of the whole that their parts made', async () => {
    const args = ['artifacts', 'download', '-r', rig.run, '-a', 'parted/', '--manifest', 'said.jsonl'];
    for (const [to, way] of [
      ['ranges', {}],
      ['whole', DOWN_WHOLE],
    ] as const) {
      const { stderr } = await mustRunMlstow([...args, '-d', to], placeOf(rig, way));
      expect(stderr).toContain(`verified ${SMALL + 2} by checksum`);
    }
    const { stderr } = await mustRunMlstow(
      [...logArgs(rig, 'said'), '--manifest', 'sent.jsonl'],
      placeOf(rig),
    );
    expect(stderr).toContain(`verified ${SMALL + 2} by checksum`);
    const lines = (await readFile(join(home, 'sent.jsonl'), 'utf8')).trimEnd().split('\n');
    const large = lines.map((line) => JSON.parse(line) as { path: string; checksum?: string });
    for (const { path, checksum } of large.filter((each) => each.path.includes('large-'))) {
      const bytes = rig.files.get(path.slice(path.lastIndexOf('/') + 1));
      expect(checksum).toBe(
        `crc32:${crc32(bytes ?? '')
          .toString(16)
          .padStart(8, '0')}`,
      );
    }
  });

  it(`goes slower in storms of SlowDown and faster again, at ${TURNS} moments`, async () => {
    let narrowed = 0;
    await repeat('storm', async (turn) => {
      const over = new AbortController();
      const calm = async (): Promise<void> => {
        await wait(100 + 700 * turn.random(), undefined, { signal: over.signal }).catch(() => undefined);
        proxy.heal();
      };
      const trouble = { status: 503, body: errorBody('SlowDown') };
      let calming: Promise<void> | undefined;
      const { stderr } = await tryTurn(turn, {
        begin: () =>
          proxy.strike({
            ...turn,
            ...{ trouble, share: 0.5, times: Infinity, leastBytes: 0 },
            act: () => {
              calming ??= calm();
            },
          }),
        end: async () => {
          over.abort();
          await calming;
          proxy.heal();
        },
      });
      const widths = [...stderr.matchAll(/^.*\bwidth=(\d+)/gm)].map(([, width]) => Number(width));
      if (widths.length > 0) narrowed += 1;
    });
    expect(narrowed).toBeGreaterThan(0);
  }, 3_600_000);

  it(`outlives a server that is killed and comes back, at ${TURNS} moments`, async () => {
    const failed: number[] = [];
    await repeat('kill', async (turn) => {
      let restarted: Promise<void> | undefined;
      const restart = async (): Promise<void> => {
        await bed.stop();
        await wait(turn.random() * 1_500);
        bed = await startVersitygw({ serves });
        rig = { ...rig, oracle: s3Oracle(bed.client, data, BUCKET, `e/${rig.run}/artifacts`) };
      };
      const { code } = await tryTurn(turn, {
        begin: () =>
          proxy.strike({
            ...turn,
            trouble: 'pass',
            times: 1,
            act: () => {
              restarted ??= restart();
            },
          }),
        end: async () => {
          proxy.heal();
          await restarted;
        },
      });
      if (code !== 0) failed.push(code);
      expect(restarted).toBeDefined();
    });
    expect(new Set([...failed, 4, 7]).size).toBe(2);
  }, 3_600_000);

  it(`tells that a quota is used up, at ${TURNS} moments`, async () => {
    await repeat(
      'quota',
      async (turn) => {
        const trouble = { status: 507, body: errorBody('QuotaExceeded') };
        const { struck, ended } = await strikeIn({ ...turn, times: Infinity }, trouble);
        expect(struck).toBeGreaterThan(0);
        expect([4, 7]).toContain(ended.code);
        expect(ended.stderr).toContain('has no room left');
      },
      (turn) => ({ ...turn, way: 'up', under: `quota-${turn.under}` }),
    );
  }, 3_600_000);
});
