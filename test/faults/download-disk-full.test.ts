import { execFileSync, spawnSync } from 'node:child_process';
import { mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { pattern } from '../conformance/artifact-store/pattern.ts';

const COMMAND = join(import.meta.dirname, '../../bin/mlstow.js');
let home: string;
let run: string;

const env = (): NodeJS.ProcessEnv => ({
  PATH: process.env['PATH'],
  HOME: home,
  MLFLOW_TRACKING_URI: 'sqlite:///mlflow.db',
});
const must = (...args: readonly string[]): string =>
  execFileSync(process.execPath, [COMMAND, ...args], { cwd: home, env: env(), encoding: 'utf8' }).trim();

/** Downloads part of the run, one file after the other, onto a disk of 1 MiB that only this command sees; what the disk then holds. */
function downloadOntoSmallDisk(path: string): {
  readonly code: number;
  readonly err: string;
  readonly files: string[];
} {
  const steps = [
    'mount -t tmpfs -o size=1m tmpfs disk',
    `(${process.execPath} ${COMMAND} artifacts download -r ${run} -a ${path} -d disk --workers 1 >/dev/null; echo $?)`,
    "find disk -type f -printf '%f %s\\n'",
  ].join(' && ');
  const { stdout, stderr } = spawnSync('unshare', ['--map-root-user', '--mount', 'sh', '-c', steps], {
    cwd: home,
    env: env(),
    encoding: 'utf8',
  });
  const [code = '', ...files] = stdout.trim().split('\n');
  return { code: Number(code), err: stderr, files: files.toSorted() };
}

beforeAll(async () => {
  home = await realpath(await mkdtemp(join(tmpdir(), 'mlstow-full-')));
  for (const name of ['disk', 'some', 'all']) await mkdir(join(home, name));
  await writeFile(join(home, 'some/big'), pattern(3_000_000));
  await writeFile(join(home, 'some/small'), pattern(1000));
  await writeFile(join(home, 'all/big'), pattern(3_000_000));
  await writeFile(join(home, 'all/bigger'), pattern(4_000_000));
  must('experiments', 'create', '-n', 'full');
  run = must('runs', 'create', '--experiment-name', 'full', '-q');
  must('artifacts', 'log', 'some', 'all', '-r', run);
});

afterAll(async () => {
  await rm(home, { recursive: true, force: true });
});

it('a download that fills the disk keeps what is whole, leaves nothing partial and ends with 4', () => {
  const { code, err, files } = downloadOntoSmallDisk('some');
  expect([code, files]).toEqual([4, ['small 1000']]);
  expect(err).toContain('no space left');
});

it('a download of which nothing fits ends with 7: a retry may help', () => {
  const { code, files } = downloadOntoSmallDisk('all');
  expect([code, files]).toEqual([7, []]);
});
