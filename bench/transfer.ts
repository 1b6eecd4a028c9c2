import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from '../test/testbeds/run-command.ts';
import { mlflow, mlstow, rclone, REPOSITORY, type Bench } from './bench.ts';
import { race, type Contestant } from './measure.ts';
import type { Result } from './result.ts';
import { createRun, type RunAt, type Site } from './sites/site.ts';
import { amountIn, makeTree, type Amount } from './tree.ts';

const STOCK_UP = `${REPOSITORY}repository.log_artifacts(sys.argv[2])`;
const STOCK_DOWN = `${REPOSITORY}repository.download_artifacts("", sys.argv[2])`;

/** Files to be moved: `name` becomes the workloads `<name> up` and `<name> down`. */
export interface Load {
  readonly name: string;
  readonly files: number;
  /** Bytes of each. */
  readonly size: number;
}

/** A load on its way. */
interface Moving {
  readonly bench: Bench;
  readonly site: Site;
  readonly name: string;
  /** Bytes of each file. */
  readonly size: number;
}

function mustBe(expected: Amount, found: Amount, what: string): void {
  if (expected.files === found.files && expected.bytes === found.bytes) return;
  throw new Error(`${what}: ${JSON.stringify(found)} in place of ${JSON.stringify(expected)}`);
}

function chosen(bench: Bench, site: Site): { readonly stock: boolean; readonly remote: Site['remote'] } {
  return {
    stock: site.stock && bench.against.includes('mlflow'),
    remote: bench.against.includes('rclone') ? site.remote : undefined,
  };
}

async function uploaders({ bench, site, size }: Moving, run: RunAt, folder: string): Promise<Contestant[]> {
  const { stock, remote } = chosen(bench, site);
  const all = [mlstow(bench, ['artifacts', 'log', `${folder}/`, '-r', run.runId], site.env)];
  if (remote)
    all.push(await rclone(bench, ['copy', ...site.rcloneFlags(size), folder, remote(run.path)], site.env));
  if (stock) all.push(await mlflow(bench, STOCK_UP, [run.uri, folder], site.env));
  return all;
}

async function downloaders({ bench, site, size }: Moving, run: RunAt, folder: string): Promise<Contestant[]> {
  const { stock, remote } = chosen(bench, site);
  const ours = (from: readonly string[]) =>
    mlstow(bench, ['artifacts', 'download', ...from, '-d', folder], site.env);
  const all = [ours(['-r', run.runId]), { ...ours(['-u', run.uri]), name: 'mlstow -u' }];
  if (remote)
    all.push(await rclone(bench, ['copy', ...site.rcloneFlags(size), remote(run.path), folder], site.env));
  if (stock) all.push(await mlflow(bench, STOCK_DOWN, [run.uri, folder], site.env));
  return all;
}

async function raceUp(moving: Moving, from: string, amount: Amount): Promise<Result> {
  const { bench, site, name } = moving;
  const run = await createRun(bench, site);
  const workload = `${name} up`;
  const after = async (): Promise<void> => {
    mustBe(amount, await site.holds(run.path), workload);
    await site.clear(run.path);
  };
  const all = (await uploaders(moving, run, from)).map((each) => ({ ...each, after }));
  return { workload, costs: await race(all, bench.rounds) };
}

/** Logs the source to a run, and gives up the source: memory may not hold it thrice. */
async function logged({ bench, site }: Moving, from: string): Promise<RunAt> {
  const run = await createRun(bench, site);
  const log = mlstow(bench, ['artifacts', 'log', `${from}/`, '-r', run.runId], site.env);
  await mustRun(log.file, log.args, { env: log.env, cwd: log.cwd });
  await rm(from, { recursive: true });
  return run;
}

async function raceDown(moving: Moving, from: string, amount: Amount): Promise<Result> {
  const { bench, site, name } = moving;
  const run = await logged(moving, from);
  const workload = `${name} down`;
  const into = join(bench.scratch, 'down');
  const after = async (): Promise<void> => {
    mustBe(amount, await amountIn(into), workload);
    await rm(into, { recursive: true });
    await mkdir(into);
  };
  await mkdir(into, { recursive: true });
  const all = (await downloaders(moving, run, into)).map((each) => ({ ...each, after }));
  const costs = await race(all, bench.rounds);
  await site.clear(run.path);
  return { workload, costs };
}

/** A load at the scale that was chosen: fewer files, or a smaller one. */
function scaled({ files, size }: Load, scale: number): { readonly files: number; readonly size: number } {
  if (files > 1) return { files: Math.max(2, Math.round(files * scale)), size };
  return { files, size: Math.round(size * scale) };
}

/** Moves files to a site and back, by every contestant in turn. */
export async function upAndDown(bench: Bench, site: Site, load: Load): Promise<readonly Result[]> {
  const from = join(bench.scratch, 'source');
  const { files, size } = scaled(load, bench.scale);
  const moving = { bench, site, name: load.name, size };
  try {
    const amount = await makeTree(from, files, size);
    const up = await raceUp(moving, from, amount);
    return [up, await raceDown(moving, from, amount)];
  } finally {
    await rm(from, { recursive: true, force: true });
  }
}
