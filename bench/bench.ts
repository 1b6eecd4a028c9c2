import { cp, mkdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { bareEnvironment } from '../test/testbeds/bed.ts';
import { mlflowPython } from '../test/testbeds/mlflow.ts';
import { rcloneCommand } from '../test/testbeds/rclone.ts';
import type { Contestant, Rounds } from './measure.ts';

const ROOT = join(import.meta.dirname, '..');

/** What a user chose for a run of workloads. */
export interface Choices {
  /** Peers to run beside mlstow. */
  readonly against: readonly string[];
  /** The S3 server. */
  readonly server: 'versitygw' | 'minio';
  /** What every answer is held back by, in ms; 0 for nothing. */
  readonly latencyMs: number;
  /** What the counts and sizes of a workload are multiplied by. */
  readonly scale: number;
}

/** One run of workloads. */
export interface Bench extends Choices {
  /** A folder of this run, removed after it. */
  readonly scratch: string;
  readonly rounds: Rounds;
  /** The built command, copied so that a build during the run changes nothing. */
  readonly mlstow: string;
  /** A folder that is the home and working directory of all contestants. */
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
}

async function copyOfBuild(scratch: string): Promise<string> {
  const copy = join(scratch, 'mlstow');
  for (const part of ['bin', 'dist', 'package.json']) {
    await cp(join(ROOT, part), join(copy, part), { recursive: true });
  }
  await symlink(join(ROOT, 'node_modules'), join(copy, 'node_modules'));
  return join(copy, 'bin', 'mlstow.js');
}

/** Makes a run ready in an empty folder. */
export async function createBench(scratch: string, choices: Choices, rounds: Rounds): Promise<Bench> {
  const home = join(scratch, 'home');
  await mkdir(home);
  const bare = Object.entries(bareEnvironment(home)).map(([key, value]) => [key, String(value)]);
  return {
    ...choices,
    scratch,
    rounds,
    home,
    mlstow: await copyOfBuild(scratch),
    env: {
      ...(Object.fromEntries(bare) as Record<string, string>),
      TMPDIR: scratch,
      MLFLOW_TRACKING_URI: `sqlite:///${join(home, 'mlflow.db')}`,
      MLFLOW_DISABLE_TELEMETRY: 'true',
    },
  };
}

type Env = Readonly<Record<string, string>>;

/** mlstow as a user runs it. */
export function mlstow(bench: Bench, args: readonly string[], env: Env = {}): Contestant {
  const { home: cwd } = bench;
  const all = [bench.mlstow, ...args];
  return { name: 'mlstow', file: process.execPath, args: all, env: { ...bench.env, ...env }, cwd };
}

/** Start of a script for `mlflow`: the artifact repository of a URI, the first argument. */
export const REPOSITORY = `
import sys
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
repository = get_artifact_repository(sys.argv[1])
`;

/** One Python process that imports the stock client and runs a script. */
export async function mlflow(
  bench: Bench,
  script: string,
  args: readonly string[],
  env: Env = {},
): Promise<Contestant> {
  const file = await mlflowPython();
  const all = ['-c', script, ...args];
  return { name: 'mlflow', file, args: all, env: { ...bench.env, ...env }, cwd: bench.home };
}

/** rclone, without a configuration of its own. */
export async function rclone(bench: Bench, args: readonly string[], env: Env = {}): Promise<Contestant> {
  const file = await rcloneCommand();
  const all = ['--config', '', ...args];
  return { name: 'rclone', file, args: all, env: { ...bench.env, ...env }, cwd: bench.home };
}
