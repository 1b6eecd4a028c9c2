import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from '../test/testbeds/run-command.ts';
import { mlflow, mlstow, rclone, type Bench } from './bench.ts';
import { race, type Contestant } from './measure.ts';
import type { Result } from './result.ts';
import { createRun, type RunAt, type Site } from './sites/site.ts';
import { amountIn, makeTree, type Amount } from './tree.ts';

const REPOSITORY = `
import sys
from mlflow.store.artifact.artifact_repository_registry import get_artifact_repository
repository = get_artifact_repository(sys.argv[1])
`;
const STOCK_UP = `${REPOSITORY}repository.log_artifacts(sys.argv[2])`;
const STOCK_DOWN = `${REPOSITORY}repository.download_artifacts("", sys.argv[2])`;

/** Files to be moved: `name` becomes the workloads `<name> up` and `<name> down`. */
export interface Load {
  readonly name: string;
  readonly files: number;
  /** Bytes of each. */
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

async function uploaders(bench: Bench, site: Site, run: RunAt, folder: string): Promise<Contestant[]> {
  const { stock, remote } = chosen(bench, site);
  const all = [mlstow(bench, ['artifacts', 'log', `${folder}/`, '-r', run.runId], site.env)];
  if (remote)
    all.push(await rclone(bench, ['copy', ...site.rcloneFlags, folder, remote(run.path)], site.env));
  if (stock) all.push(await mlflow(bench, STOCK_UP, [run.uri, folder], site.env));
  return all;
}

async function downloaders(bench: Bench, site: Site, run: RunAt, folder: string): Promise<Contestant[]> {
  const { stock, remote } = chosen(bench, site);
  const ours = (from: readonly string[]) =>
    mlstow(bench, ['artifacts', 'download', ...from, '-d', folder], site.env);
  const all = [ours(['-r', run.runId]), { ...ours(['-u', run.uri]), name: 'mlstow -u' }];
  if (remote)
    all.push(await rclone(bench, ['copy', ...site.rcloneFlags, remote(run.path), folder], site.env));
  if (stock) all.push(await mlflow(bench, STOCK_DOWN, [run.uri, folder], site.env));
  return all;
}

async function raceUp(bench: Bench, site: Site, load: Load, from: string, amount: Amount): Promise<Result> {
  const run = await createRun(bench, site);
  const workload = `${load.name} up`;
  const after = async (): Promise<void> => {
    mustBe(amount, await site.holds(run.path), workload);
    await site.clear(run.path);
  };
  const all = (await uploaders(bench, site, run, from)).map((each) => ({ ...each, after }));
  return { workload, costs: await race(all, bench.rounds) };
}

async function raceDown(bench: Bench, site: Site, load: Load, from: string, amount: Amount): Promise<Result> {
  const run = await createRun(bench, site);
  const workload = `${load.name} down`;
  const into = join(bench.scratch, 'down');
  const { file, args, env, cwd } = mlstow(bench, ['artifacts', 'log', `${from}/`, '-r', run.runId], site.env);
  await mustRun(file, args, { env, cwd });
  await rm(from, { recursive: true });
  const after = async (): Promise<void> => {
    mustBe(amount, await amountIn(into), workload);
    await rm(into, { recursive: true });
    await mkdir(into);
  };
  await mkdir(into, { recursive: true });
  const all = (await downloaders(bench, site, run, into)).map((each) => ({ ...each, after }));
  const costs = await race(all, bench.rounds);
  await site.clear(run.path);
  return { workload, costs };
}

/** Moves files to a site and back, by every contestant in turn. */
export async function upAndDown(bench: Bench, site: Site, load: Load): Promise<readonly Result[]> {
  const from = join(bench.scratch, 'source');
  const many = load.files > 1;
  const files = many ? Math.max(1, Math.round(load.files * bench.scale)) : 1;
  const size = many ? load.size : Math.round(load.size * bench.scale);
  try {
    const amount = await makeTree(from, files, size);
    const up = await raceUp(bench, site, load, from, amount);
    return [up, await raceDown(bench, site, load, from, amount)];
  } finally {
    await rm(from, { recursive: true, force: true });
  }
}
