import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, open, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startVersitygw, type S3Bed } from '../testbeds/s3.ts';

const COMMAND = join(import.meta.dirname, '../../bin/mlstow.js');
const isSoak = process.env['MLSTOW_SOAK'] !== undefined;
const PLANNED = isSoak ? 1_000_000 : 10_000;
const MOVED = isSoak ? 100_000 : 2_000;
const PER_FOLDER = 1000;
const FILE_BYTES = 10;
/** Per transfer, in ms: the full counts take minutes on a machine that does other things, too. */
const TIMEOUT = 1_800_000;
/** The most that a transfer may hold, in bytes; of the full counts, since a small transfer says nothing about growth. */
const MOST = isSoak ? 256e6 : Infinity;

let home: string;
let s3: S3Bed;
/** Run ids by where their artifacts are. */
const runs = { local: '', s3: '' };
const places = ['local', 's3'] as const;

const nameOf = (index: number): string =>
  `part-${String(Math.floor(index / PER_FOLDER)).padStart(4, '0')}/${String(index).padStart(7, '0')}.bin`;
const contentOf = (index: number): string => String(index).padStart(FILE_BYTES, '0');

async function makeTree(folder: string, files: number, content: (index: number) => string): Promise<void> {
  for (let index = 0; index < files; index += 1) {
    if (index % PER_FOLDER === 0) await mkdir(join(home, folder, nameOf(index), '..'), { recursive: true });
    await writeFile(join(home, folder, nameOf(index)), content(index));
  }
}

/** What a command printed, where its stdout is a file, and the most memory that it had, in bytes. */
interface Ran {
  readonly out: string;
  readonly peak: number;
}

/** Runs the built command. @throws Error when it fails */
async function mlstow(...args: readonly string[]): Promise<Ran> {
  const stdout = await open(join(home, 'stdout'), 'w');
  const child = spawn(process.execPath, [COMMAND, ...args], {
    cwd: home,
    env: {
      PATH: process.env['PATH'],
      HOME: home,
      MLFLOW_TRACKING_URI: 'sqlite:///mlflow.db',
      MLFLOW_S3_ENDPOINT_URL: s3.endpoint,
      AWS_ACCESS_KEY_ID: s3.accessKeyId,
      AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
      AWS_DEFAULT_REGION: s3.region,
    },
    stdio: ['ignore', stdout.fd, 'pipe'],
  });
  let err = '';
  child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const over = once(child, 'close') as Promise<[number | null]>;
  const peak = await peakOf(child);
  const [code] = await over;
  await stdout.close();
  if (code !== 0) throw new Error(`mlstow ${args.join(' ')} ended with ${code}\n${err}`);
  return { out: await readFile(join(home, 'stdout'), 'utf8'), peak };
}

/** The most resident memory (`VmHWM` of proc(5)), asked as long as the process lives, in bytes. */
async function peakOf(child: ReturnType<typeof spawn>): Promise<number> {
  let peak = 0;
  while (child.exitCode === null && child.signalCode === null) {
    const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
    peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024);
    await wait(20);
  }
  return peak;
}

function mustBeFlat(what: string, { peak }: Ran): void {
  process.stderr.write(`${what}: ${Math.round(peak / 2 ** 20)} MiB\n`);
  expect(peak).toBeGreaterThan(20e6);
  expect(peak).toBeLessThanOrEqual(MOST);
}

beforeAll(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'mlstow-memory-')));
  s3 = await startVersitygw();
  await s3.createBucket('memory');
  const locations = { local: join(home, 'store'), s3: 's3://memory/store' };
  for (const place of places) {
    await mlstow('experiments', 'create', '-n', place, '--artifact-location', locations[place]);
    runs[place] = (await mlstow('runs', 'create', '--experiment-name', place, '-q')).out.trim();
  }
  await makeTree('many', MOVED, contentOf);
}, TIMEOUT);

afterAll(async () => {
  await s3.stop();
  await rm(home, { recursive: true, force: true });
}, TIMEOUT);

describe(`the memory of a plan of ${PLANNED} files`, () => {
  it(
    'does not grow with them',
    async () => {
      await makeTree('planned', PLANNED, () => '');
      const args = ['artifacts', 'log', 'planned/', '-r', runs.local, '--dry-run'];
      const ran = await mlstow(...args, '--output', 'jsonl');
      await rm(join(home, 'planned'), { recursive: true });
      const lines = ran.out.trimEnd().split('\n');
      expect(lines).toHaveLength(PLANNED + 1);
      expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ files: PLANNED, dry_run: true });
      mustBeFlat('dry run', ran);
    },
    TIMEOUT,
  );
});

describe.each(places)(`the memory of ${MOVED} files that are moved, %s`, (place) => {
  const summary = { files: MOVED, bytes: MOVED * FILE_BYTES, failed: 0 };

  it(
    'does not grow with them on their way there, nor with what is told of them as JSON',
    async () => {
      const ran = await mlstow('artifacts', 'log', 'many/', '-r', runs[place], '--output', 'json');
      const told = JSON.parse(ran.out) as { readonly items: readonly { readonly path: string }[] };
      expect(told).toMatchObject(summary);
      expect(new Set(told.items.map(({ path }) => path)).size).toBe(MOVED);
      mustBeFlat(`log to ${place}, json`, ran);
    },
    TIMEOUT,
  );

  it.each(['text', 'json', 'jsonl'])(
    'does not grow with them when they are listed as %s',
    async (output) => {
      const ran = await mlstow('artifacts', 'list', '-R', '-r', runs[place], '--output', output);
      expect(ran.out.match(/\d{7}\.bin"/g)).toHaveLength(MOVED);
      mustBeFlat(`list of ${place}, ${output}`, ran);
    },
    TIMEOUT,
  );

  it.each(['text', 'jsonl'])(
    'does not grow with them on their way back, told as %s',
    async (output) => {
      const args = ['artifacts', 'download', '-r', runs[place], '-d', 'back'];
      const ran = await mlstow(...args, '--output', output);
      if (output === 'jsonl') {
        const lines = ran.out.trimEnd().split('\n');
        expect(lines).toHaveLength(MOVED + 1);
        expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject(summary);
      }
      for (let index = 0; index < MOVED; index += 1)
        expect(await readFile(join(home, 'back', nameOf(index)), 'utf8')).toBe(contentOf(index));
      await rm(join(home, 'back'), { recursive: true });
      mustBeFlat(`download from ${place}, ${output}`, ran);
    },
    TIMEOUT,
  );
});
