import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mlflowCommand } from '../../test/testbeds/mlflow.ts';
import { mustRun } from '../../test/testbeds/run-command.ts';
import { mlstow, rclone, type Bench } from '../bench.ts';
import { race, type Contestant } from '../measure.ts';
import type { Result } from '../result.ts';
import type { Workload } from './workload.ts';

/** A run with one artifact in a local folder. @returns its id and the folder */
async function prepare(bench: Bench): Promise<{ runId: string; folder: string }> {
  const run = async (...args: string[]): Promise<string> => {
    const { file, args: all, env, cwd } = mlstow(bench, args);
    return (await mustRun(file, all, { env, cwd })).stdout.trim();
  };
  await writeFile(join(bench.home, 'model.bin'), 'weights');
  const experiment = await run('experiments', 'create', '-n', 'start-up', '-q');
  const runId = await run('runs', 'create', '--experiment-id', experiment, '-q');
  return { runId, folder: await run('artifacts', 'log', 'model.bin', '-r', runId, '-q') };
}

/** What a command costs before it does anything: beside `node -e 0` and the peers' own. */
export const startUp: Workload = {
  what: '--version, --help, and listing one artifact in a local folder',
  run: async (bench) => {
    const { runId, folder } = await prepare(bench);
    const stock = await mlflowCommand();
    const results: Result[] = [];
    for (const [args, theirs] of [
      [['--version'], ['version']],
      [
        ['artifacts', '--help'],
        ['copy', '--help'],
      ],
      [
        ['artifacts', 'list', '-r', runId],
        ['lsjson', folder],
      ],
    ] as const) {
      const ours = mlstow(bench, args);
      const all: Contestant[] = [{ ...ours, name: 'node', args: ['-e', '0'] }, ours];
      if (bench.against.includes('rclone')) all.push(await rclone(bench, theirs));
      if (bench.against.includes('mlflow')) all.push({ ...ours, name: 'mlflow', file: stock, args });
      results.push({
        workload: `start-up ${args.slice(0, 2).join(' ')}`,
        costs: await race(all, bench.rounds),
      });
    }
    return results;
  },
};
