import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { askMlstow, mustRunMlstow, runMlstow } from '../interop/mlstow-command.ts';
import type { Passed } from '../testbeds/counting-proxy.ts';
import { startMinio, startVersitygw } from '../testbeds/s3.ts';
import { pattern } from '../conformance/artifact-store/pattern.ts';
import { isNoted, partOf, readNotes } from './resume-notes.ts';
import { azureTarget, bytesAt, localTarget, s3Target, type Target } from './resume-targets.ts';
import { seeded } from './seeded.ts';
import { startMlstow, stopWith } from './signals-command.ts';

const MIB = 1024 ** 2;
const isSoak = process.env['MLSTOW_SOAK'] !== undefined;
const SMALL = isSoak ? 300 : 120;
const SMALL_BYTES = 48 * 1024;
const LARGE_BYTES = 72 * MIB;
const KILLS = isSoak ? 50 : 3;
/** Of all kills in one direction, in ms: a minute each where other work takes the processors. */
const TIMEOUT = KILLS * 60_000;
/** Fixed, so that a failure can be repeated. */
const SEED = 20_261_121;
/** Slow enough to be interrupted, and how long all bytes take then at least, in ms. */
const LIMIT = ['--bwlimit', '40M'];
const PACED_MS = ((SMALL * SMALL_BYTES + (isSoak ? 2 : 1) * LARGE_BYTES) / (40 * MIB)) * 1000;
/** Slow enough to be seen in the middle, by looks that themselves take their time. */
const SLOWER = ['--bwlimit', '20M'];

/** Files that are looked at while they are moved, and the time between two looks, in ms. */
const LARGE = isSoak ? ['large-0.bin', 'large-1.bin'] : ['large-0.bin'];
const WATCHED = ['small/f0', `small/f${SMALL - 1}`, ...LARGE];
const LOOK_MS = 20;

let home: string;
let source: string;
const files = new Map<string, Buffer>();

beforeAll(async () => {
  home = await mkdtemp(join(tmpdir(), 'mlstow-resume-'));
  source = join(home, 'tree');
  await mkdir(join(source, 'small'), { recursive: true });
  for (let i = 0; i < SMALL; i += 1) files.set(`small/f${i}`, pattern(SMALL_BYTES + i, i));
  for (const [i, name] of LARGE.entries()) files.set(name, pattern(LARGE_BYTES + i, 7 + i));
  for (const [name, bytes] of files) await writeFile(join(source, name), bytes);
});

afterAll(async () => rm(home, { recursive: true, force: true }));

type Start = readonly [name: string, start: () => Promise<Target>];
/** The kills take their time: outside of the soak, one S3 server and a folder stand for the others. */
const OTHERS: readonly Start[] = [
  ['MinIO', async () => s3Target(await startMinio(), LARGE)],
  ['Azurite', azureTarget],
];
const TARGETS: readonly Start[] = [
  ['versitygw', async () => s3Target(await startVersitygw(), LARGE)],
  ['a folder', async () => localTarget(home)],
  ...(isSoak ? OTHERS : []),
];

/** A request that moved a whole file, or a part of one. */
interface Move {
  readonly name: string;
  readonly part: number | undefined;
  /** Both. */
  readonly key: string;
}

/** What these requests moved. */
function moved(requests: readonly Passed[], runId: string, method: string): readonly Move[] {
  return requests.flatMap((passed) => {
    const { pathname, searchParams } = new URL(passed.url, 'http://x');
    const name = [...files.keys()].find((each) => pathname.endsWith(`${runId}/artifacts/tree/${each}`));
    if (name === undefined || passed.method !== method || passed.status >= 300) return [];
    if (searchParams.get('comp') === 'blocklist' || searchParams.has('uploads')) return [];
    const part = partOf(searchParams, passed.range);
    return [{ name, part, key: `${name} ${part ?? ''}` }];
  });
}

async function journals(): Promise<readonly string[]> {
  return readdir(join(home, 'state/mlstow/transfers')).catch(() => []);
}

/** A moment, in ms after a command was started or after its first file was seen. */
interface Moment {
  readonly from: 'start' | 'first file';
  readonly ms: number;
}

/** The moment of a turn: in the middle of the transfer, and in every fourth turn while the command still begins. */
function momentOf(turn: number, random: () => number): Moment {
  if (turn % 4 === 3) return { from: 'start', ms: Math.floor(500 * random()) };
  return { from: 'first file', ms: Math.floor(0.75 * PACED_MS * random()) };
}

/** Every file below a folder that shows under its final name equals its source. */
async function expectWhole(folder: string, all: boolean): Promise<readonly string[]> {
  const names: readonly string[] = await readdir(folder, { recursive: true }).catch(() => []);
  const shown: string[] = [];
  for (const [name, bytes] of files) {
    if (!names.includes(name)) continue;
    shown.push(name);
    expect(bytes.equals(await readFile(join(folder, name))), name).toBe(true);
  }
  if (all) {
    expect(shown).toHaveLength(files.size);
    expect(names.filter((name) => name.endsWith('.partial'))).toEqual([]);
  }
  return shown;
}

describe.each(TARGETS)('%s', (_name, start) => {
  let target: Target;
  let place: { readonly cwd: string; readonly env: Readonly<Record<string, string>> };
  let experiment: string;

  beforeAll(async () => {
    target = await start();
    place = {
      cwd: home,
      env: {
        ...target.env,
        XDG_STATE_HOME: join(home, 'state'),
        MLFLOW_TRACKING_URI: 'sqlite:///runs.db',
        MLSTOW_WORKERS: '8',
      },
    };
    const name = `kill-${Math.floor(performance.now())}`;
    const made = ['experiments', 'create', '-n', name, '-l', target.location];
    experiment = await askMlstow([...made, ...target.flags], place);
  });
  afterAll(async () => target.stop());

  const newRun = async (): Promise<string> =>
    askMlstow(['runs', 'create', '-x', experiment, '--status', 'running'], place);

  /**
   * Kills a command at a moment, and looks meanwhile again and again: what a name shows is the whole file or nothing.
   * @returns whether it was still running
   */
  const kill = async (
    args: readonly string[],
    { from, ms }: Moment,
    shownBytes: (name: string) => Promise<number | undefined>,
  ): Promise<boolean> => {
    const running = startMlstow([...args, ...LIMIT], place);
    const over = new AbortController();
    void running.ended.then(() => over.abort());
    let until = from === 'start' ? performance.now() + ms : undefined;
    const looks: string[] = [];
    while (!over.signal.aborted && (until === undefined || performance.now() < until)) {
      for (const name of WATCHED) {
        const shown = await shownBytes(name);
        if (shown === undefined) continue;
        until ??= performance.now() + ms;
        if (shown !== files.get(name)?.length) looks.push(`${name}: ${shown}`);
      }
      await wait(Math.max(0, Math.min(LOOK_MS, (until ?? Infinity) - performance.now())));
    }
    running.send('SIGKILL');
    const { code } = await running.ended;
    expect(looks, 'shown before it was whole').toEqual([]);
    return code === -1;
  };

  it(
    `goes on with an upload that was killed at ${KILLS} moments, repeating only what is missing`,
    async () => {
      const upload = (runId: string) => ['artifacts', 'log', 'tree', '-r', runId, ...target.flags];
      const random = seeded(SEED);
      let [interrupted, spared, knew] = [0, 0, 0];
      for (let turn = 0; turn < KILLS; turn += 1) {
        const runId = await newRun();
        const moment = momentOf(turn, random);
        target.proxy?.take();
        const shown = async (name: string) => target.shownBytes(runId, name);
        if (await kill(upload(runId), moment, shown)) interrupted += 1;
        const noted = await readNotes(join(home, 'state'));
        target.proxy?.take();
        const again = await mustRunMlstow([...upload(runId), '--verbose'], place);
        const repeated = moved(target.proxy?.take() ?? [], runId, 'PUT');
        const twice = repeated.filter(({ name, part }) => isNoted(noted, name, part));
        expect(twice, `sent twice, killed ${moment.ms} ms after ${moment.from}`).toEqual([]);
        knew += noted.size;
        spared += Number(/(\d+) done before/.exec(again.stderr)?.[1] ?? 0);
        expect(await target.unfinished(runId)).toEqual([]);
        const back = join(home, `back-${turn}`);
        await mustRunMlstow(['artifacts', 'download', '-r', runId, '-d', back], place);
        await expectWhole(join(back, 'tree'), true);
        await rm(back, { recursive: true });
        expect(await journals()).toEqual([]);
      }
      expect(interrupted).toBeGreaterThan(0);
      expect(spared).toBeGreaterThan(0);
      expect(knew).toBeGreaterThan(0);
    },
    TIMEOUT,
  );

  it(
    `goes on with a download that was killed at ${KILLS} moments, repeating only what is missing`,
    async () => {
      const runId = await newRun();
      await mustRunMlstow(['artifacts', 'log', 'tree', '-r', runId, ...target.flags], place);
      const download = (folder: string) => ['artifacts', 'download', '-r', runId, '-d', folder];
      const random = seeded(SEED + 1);
      let [interrupted, spared, knew] = [0, 0, 0];
      for (let turn = 0; turn < KILLS; turn += 1) {
        const folder = join(home, `down-${turn}`);
        const moment = momentOf(turn, random);
        target.proxy?.take();
        const shown = async (name: string) => bytesAt(join(folder, 'tree', name));
        if (await kill(download(folder), moment, shown)) interrupted += 1;
        const noted = await readNotes(join(home, 'state'));
        target.proxy?.take();
        await expectWhole(join(folder, 'tree'), false);
        const again = await mustRunMlstow(download(folder), place);
        const repeated = moved(target.proxy?.take() ?? [], runId, 'GET');
        const twice = repeated.filter(({ name, part }) => isNoted(noted, name, part));
        expect(twice, `fetched twice, killed ${moment.ms} ms after ${moment.from}`).toEqual([]);
        knew += noted.size;
        spared += Number(/(\d+) done before/.exec(again.stderr)?.[1] ?? 0);
        await expectWhole(join(folder, 'tree'), true);
        await rm(folder, { recursive: true });
        expect(await journals()).toEqual([]);
      }
      expect(interrupted).toBeGreaterThan(0);
      expect(spared).toBeGreaterThan(0);
      expect(knew).toBeGreaterThan(0);
    },
    TIMEOUT,
  );

  it('goes on with --if-exists fail: what the killed try moved is its own', async () => {
    const fail = ['--if-exists', 'fail'];
    const runId = await newRun();
    const folder = join(home, 'fail');
    const upload = ['artifacts', 'log', 'tree', '-r', runId, ...target.flags, ...fail];
    const download = ['artifacts', 'download', '-r', runId, '-d', folder, ...fail];
    for (const [args, shown] of [
      [upload, async (name: string) => target.shownBytes(runId, name)],
      [download, async (name: string) => bytesAt(join(folder, 'tree', name))],
    ] as const) {
      const running = startMlstow([...args, ...SLOWER], place);
      while ((await shown(`small/f${SMALL / 2}`)) === undefined) await wait(LOOK_MS);
      running.send('SIGKILL');
      expect((await running.ended).code).toBe(-1);
      await mustRunMlstow(args, place);
      const again = await runMlstow(args, place);
      expect(again).toMatchObject({ code: 8 });
    }
    await expectWhole(join(folder, 'tree'), true);
    expect(await journals()).toEqual([]);
    await rm(folder, { recursive: true });
  }, 300_000);
});

describe('a command that is stopped with --resume', () => {
  it('keeps its unfinished uploads and partial files, and the next one goes on with them', async () => {
    const target = await s3Target(await startMinio(), LARGE);
    const { proxy } = target;
    const place = {
      cwd: home,
      env: {
        ...target.env,
        ...{
          XDG_STATE_HOME: join(home, 'state'),
          MLFLOW_TRACKING_URI: 'sqlite:///kept.db',
          // Fewer than a large file has parts: when the first is noted, others have not begun.
          MLSTOW_WORKERS: '2',
        },
      },
    };
    try {
      const made = ['experiments', 'create', '-n', 'kept', '-l', target.location];
      const experiment = await askMlstow(made, place);
      const runId = await askMlstow(['runs', 'create', '-x', experiment, '--status', 'running'], place);
      const down = join(home, 'kept');
      for (const [method, args] of [
        ['PUT', ['artifacts', 'log', 'tree', '-r', runId]],
        ['GET', ['artifacts', 'download', '-r', runId, '-d', down]],
      ] as const) {
        const running = startMlstow([...args, ...SLOWER, '--resume'], place);
        const knows = async () => {
          const noted = await readNotes(join(home, 'state'));
          return LARGE.some((name) => noted.has(name));
        };
        while (!(await knows())) await wait(LOOK_MS);
        expect(await stopWith(running, 'SIGTERM')).toMatchObject({ code: 143 });
        expect(await journals()).toHaveLength(1);
        const noted = await readNotes(join(home, 'state'));
        if (method === 'PUT') expect((await target.unfinished(runId)).length).toBeGreaterThan(0);
        proxy?.take();
        await mustRunMlstow(args, place);
        const repeated = moved(proxy?.take() ?? [], runId, method);
        expect(repeated.filter(({ name, part }) => isNoted(noted, name, part))).toEqual([]);
        expect(await target.unfinished(runId)).toEqual([]);
        expect(await journals()).toEqual([]);
      }
      await expectWhole(join(down, 'tree'), true);
    } finally {
      await target.stop();
    }
  }, 300_000);
});
