import { mustRun } from '../../test/testbeds/run-command.ts';
import { mlstow, rclone, type Bench } from '../bench.ts';
import type { Contestant } from '../measure.ts';
import type { Amount } from '../tree.ts';

type Env = Readonly<Record<string, string>>;

/** A store that contestants move files to and from. */
export interface Site {
  /** What every contestant needs to reach it. */
  readonly env: Env;
  /** The artifact location of experiments. */
  readonly location: string;
  /** How rclone names a path below `location`; undefined where it cannot reach the store. */
  readonly remote?: (path: string) => string;
  /** Tuning of rclone for files of `size` bytes. */
  rcloneFlags(size: number): readonly string[];
  /** Whether the stock client can reach the store here. */
  readonly stock: boolean;
  /** What is kept below `path` of `location`. */
  holds(path: string): Promise<Amount>;
  /** Removes what is kept below `path`. */
  clear(path: string): Promise<void>;
  stop(): Promise<void>;
}

async function run({ file, args, env, cwd }: Contestant): Promise<string> {
  return (await mustRun(file, args, { env, cwd })).stdout.trim();
}

/** `holds` and `clear` by way of rclone. */
export function keptByRclone(
  bench: Bench,
  env: Env,
  remote: (path: string) => string,
): Pick<Site, 'holds' | 'clear'> {
  return {
    holds: async (path) => {
      const told = await run(await rclone(bench, ['size', '--json', '--fast-list', remote(path)], env));
      const { count, bytes } = JSON.parse(told) as { count: number; bytes: number };
      return { files: count, bytes };
    },
    clear: async (path) => {
      await run(await rclone(bench, ['purge', '--checkers', '32', '--transfers', '32', remote(path)], env));
    },
  };
}

/** Fills a path of a site that rclone reaches. */
export async function fill(bench: Bench, site: Site, folder: string, path: string): Promise<void> {
  const to = site.remote?.(path);
  if (to === undefined) throw new Error(`${site.location} cannot be filled`);
  await run(await rclone(bench, ['copy', ...site.rcloneFlags(0), folder, to], site.env));
}

/** Runs something at a site, and stops the site afterwards. */
export async function atSite<T>(started: Promise<Site>, work: (site: Site) => Promise<T>): Promise<T> {
  const site = await started;
  try {
    return await work(site);
  } finally {
    await site.stop();
  }
}

/** A run whose artifacts are kept at a site. */
export interface RunAt {
  readonly runId: string;
  /** Below the site's location. */
  readonly path: string;
  /** Its artifact URI. */
  readonly uri: string;
}

/** Makes an experiment at the site, and a run. */
export async function createRun(bench: Bench, site: Site): Promise<RunAt> {
  const name = `bench-${process.hrtime.bigint()}`;
  const create = ['experiments', 'create', '-n', name, '-l', site.location, '-q'];
  const experiment = await run(mlstow(bench, create, site.env));
  const runId = await run(mlstow(bench, ['runs', 'create', '--experiment-id', experiment, '-q'], site.env));
  const path = `${runId}/artifacts`;
  return { runId, path, uri: `${site.location}/${path}` };
}
