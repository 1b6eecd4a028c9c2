import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, readFile, realpath, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { pattern } from '../conformance/artifact-store/pattern.ts';
import { seeded } from './seeded.ts';

const COMMAND = join(import.meta.dirname, '../../bin/mlstow.js');
const MIB = 1024 ** 2;
const FILES = 12;
const FILE_BYTES = 6 * MIB;
const KILLS = process.env['MLSTOW_SOAK'] === undefined ? 3 : 20;
/** Fixed, so that a failure can be repeated. */
const SEED = 20_260_731;

let home: string;
const runs = { many: '', huge: '' };

function start(args: readonly string[], stdin: 'ignore' | 'pipe' = 'ignore'): ChildProcess {
  return spawn(process.execPath, [COMMAND, ...args], {
    cwd: home,
    env: { PATH: process.env['PATH'], HOME: home, MLFLOW_TRACKING_URI: 'sqlite:///mlflow.db' },
    stdio: [stdin, 'pipe', 'pipe'],
  });
}

interface Ended {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly out: string;
  readonly err: string;
}

async function ended(child: ChildProcess): Promise<Ended> {
  let [out, err] = ['', ''];
  child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
  child.stderr?.on('data', (chunk: Buffer) => (err += chunk.toString()));
  const [code, signal] = (await once(child, 'close')) as [number | null, NodeJS.Signals | null];
  return { code, signal, out, err };
}

async function must(...args: readonly string[]): Promise<string> {
  const { code, out, err } = await ended(start(args));
  if (code !== 0) throw new Error(`mlstow ${args.join(' ')} ended with ${code}\n${err}`);
  return out.trim();
}

const namesIn = async (folder: string): Promise<string[]> =>
  readdir(folder, { recursive: true }).catch(() => []);
const isPartial = (name: string): boolean =>
  name.endsWith('.partial') || name.includes('.artifact.uploading.');

/** Resolves when a folder holds anything, or the process is gone. */
async function begun(folder: string, child: ChildProcess): Promise<void> {
  while (child.exitCode === null && child.signalCode === null && (await namesIn(folder)).length === 0)
    await wait(1);
}

beforeAll(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'mlstow-kill-')));
  await mkdir(join(home, 'many'));
  for (let i = 0; i < FILES; i += 1) await writeFile(join(home, `many/f${i}`), pattern(FILE_BYTES, i));
  await writeFile(join(home, 'huge'), '');
  await truncate(join(home, 'huge'), 1024 * MIB);
  await must('experiments', 'create', '-n', 'kill');
  runs.many = await must('runs', 'create', '--experiment-name', 'kill', '-q');
  runs.huge = await must('runs', 'create', '--experiment-name', 'kill', '-q');
  await must('artifacts', 'log', 'many/', '-r', runs.many);
});

afterAll(async () => {
  await rm(home, { recursive: true, force: true });
});

describe('a download that is killed', () => {
  it(`shows no incomplete file under a final name after SIGKILL at ${KILLS} moments`, async () => {
    const whole = Array.from({ length: FILES }, (_, i) => pattern(FILE_BYTES, i));
    const warm = start(['artifacts', 'download', '-r', runs.many, '-d', 'warm']);
    const end = ended(warm);
    await begun(join(home, 'warm'), warm);
    const from = performance.now();
    expect((await end).code).toBe(0);
    const span = performance.now() - from;

    const random = seeded(SEED);
    const moments = Array.from({ length: KILLS }, () => Math.floor(random() * span));
    process.stderr.write(`seed ${SEED}: SIGKILL ${moments.join(', ')} ms after the first file appears\n`);
    let interrupted = 0;
    for (const [turn, moment] of moments.entries()) {
      const folder = join(home, `killed-${turn}`);
      const child = start(['artifacts', 'download', '-r', runs.many, '-d', folder]);
      const over = ended(child);
      await begun(folder, child);
      await wait(moment);
      child.kill('SIGKILL');
      if ((await over).signal === 'SIGKILL') interrupted += 1;
      for (const name of await namesIn(folder)) {
        if (isPartial(name)) continue;
        const bytes = await readFile(join(folder, name));
        expect(whole[Number(name.slice(1))]?.equals(bytes), `${name} after ${moment} ms`).toBe(true);
      }
      await rm(folder, { recursive: true, force: true });
    }
    expect(interrupted).toBeGreaterThan(KILLS / 4);
  });

  it.each([
    ['SIGTERM', 143],
    ['SIGINT', 130],
  ] as const)('ends on %s with %d within 5 s and leaves nothing partial', async (signal, code) => {
    const folder = join(home, `stopped-${signal}`);
    await must('artifacts', 'log', 'huge', '-r', runs.huge);
    const child = start(['artifacts', 'download', '-r', runs.huge, '-d', folder]);
    const over = ended(child);
    await begun(folder, child);
    child.kill(signal);
    const late = wait(5_000, 'late', { ref: false });
    const result = await Promise.race([over, late]);
    expect(result).toMatchObject({ code });
    expect(await namesIn(folder)).toEqual([]);
  });
});

describe('standard input that is killed', () => {
  it('ends on SIGTERM with 143 within 5 s and leaves nothing of it at the store', async () => {
    const artifacts = join(home, 'mlruns');
    const before = await namesIn(artifacts);
    const child = start(['artifacts', 'log', '-', '--name', 'endless', '-r', runs.many], 'pipe');
    const over = ended(child);
    child.stdin?.on('error', () => undefined);
    child.stdin?.write(pattern(MIB));
    while (!(await namesIn(artifacts)).some(isPartial)) {
      expect(child.exitCode).toBeNull();
      await wait(5);
    }
    child.kill('SIGTERM');
    const late = wait(5_000, 'late', { ref: false });
    expect(await Promise.race([over, late])).toMatchObject({ code: 143 });
    expect(await namesIn(artifacts)).toEqual(before);
  });
});

describe('a file much larger than memory should hold', () => {
  /** The most memory that a process had, in MiB, asked as long as it lives. */
  async function peakOf(child: ChildProcess): Promise<number> {
    let peak = 0;
    while (child.exitCode === null && child.signalCode === null) {
      const status = await readFile(`/proc/${child.pid}/status`, 'utf8').catch(() => '');
      peak = Math.max(peak, Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) / 1024);
      await wait(20);
    }
    return peak;
  }

  it('passes through log and download in less than 250 MiB', async () => {
    for (const args of [
      ['artifacts', 'log', 'huge', '-r', runs.huge],
      ['artifacts', 'download', '-r', runs.huge, '-d', 'big'],
    ]) {
      const child = start(args);
      const over = ended(child);
      const peak = await peakOf(child);
      expect((await over).code).toBe(0);
      expect(peak).toBeGreaterThan(20);
      expect(peak).toBeLessThan(250);
    }
  });
});
