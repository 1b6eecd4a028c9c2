import { mkdtemp, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { bareEnvironment } from '../test/testbeds/bed.ts';
import { mlflowCommand } from '../test/testbeds/mlflow.ts';
import { mustRun } from '../test/testbeds/run-command.ts';
import { race, type Contestant, type Cost } from './measure.ts';

const MLSTOW = join(import.meta.dirname, '..', 'bin', 'mlstow.js');

/** One comparison: the command, and what `node -e 0`, mlstow and mlflow cost. */
export interface Result {
  readonly workload: string;
  readonly costs: Readonly<Record<string, Cost>>;
}

/** A folder with an SQLite database, one run and one artifact. */
async function prepare(): Promise<{ folder: string; env: Record<string, string>; runId: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'mlstow-bench-'));
  const env = {
    ...Object.fromEntries(
      Object.entries(bareEnvironment(folder)).map(([key, value]) => [key, String(value)]),
    ),
    MLFLOW_DISABLE_TELEMETRY: 'true',
  };
  const mlstow = async (...args: string[]): Promise<string> =>
    (await mustRun(process.execPath, [MLSTOW, ...args], { env, cwd: folder })).stdout.trim();
  await writeFile(join(folder, 'model.bin'), 'weights');
  const experiment = await mlstow('experiments', 'create', '-n', 'bench', '-q');
  const runId = await mlstow('runs', 'create', '--experiment-id', experiment, '-q');
  await mlstow('artifacts', 'log', 'model.bin', '-r', runId);
  return { folder, env, runId };
}

/** Start-up: `--version`, `artifacts --help` and `artifacts list` on SQLite and a local folder. */
export async function startUp(rounds: number): Promise<readonly Result[]> {
  const { folder, env, runId } = await prepare();
  const mlflow = await mlflowCommand();
  const results: Result[] = [];
  for (const args of [['--version'], ['artifacts', '--help'], ['artifacts', 'list', '-r', runId]]) {
    const contestants: Contestant[] = [
      { name: 'node', file: process.execPath, args: ['-e', '0'] },
      { name: 'mlstow', file: process.execPath, args: [MLSTOW, ...args] },
      { name: 'mlflow', file: mlflow, args },
    ];
    const costs = await race(contestants, rounds, { env, cwd: folder });
    results.push({ workload: args.slice(0, 2).join(' '), costs: Object.fromEntries(costs) });
  }
  return results;
}
