import { DatabaseSync } from '@photostructure/sqlite';
import { cp, mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { mustRun } from '../../test/testbeds/run-command.ts';
import { startPostgres } from '../../test/testbeds/postgres.ts';
import { migrate, sqlPythonPath } from '../../test/testbeds/sql-python.ts';
import { mlflow, mlstow, type Bench } from '../bench.ts';
import { deletedRuns, filesOfRuns } from '../deleted-runs.ts';
import { race, type Contestant } from '../measure.ts';
import { startS3Site } from '../sites/s3.ts';
import { atSite, fill } from '../sites/site.ts';
import type { Workload } from './workload.ts';

type Env = Readonly<Record<string, string>>;

/** The stock command in one Python process, its server and plug-ins not imported. */
const STOCK_GC = 'import sys\nfrom mlflow.cli import cli\ncli(sys.argv[1:])';

const scaled = (bench: Bench, count: number): number => Math.max(2, Math.round(count * bench.scale));

async function collectors(
  bench: Bench,
  uri: string,
  flags: readonly string[],
  env: Env,
): Promise<Contestant[]> {
  const where = ['gc', '--backend-store-uri', uri];
  const all = [mlstow(bench, [...where, '--older-than', '1d', ...flags], env)];
  const stock = { ...env, MLFLOW_TRACKING_URI: uri };
  if (bench.against.includes('mlflow')) all.push(await mlflow(bench, STOCK_GC, where, stock));
  return all;
}

/** A new SQLite database with deleted runs that never had a file. */
async function sqliteWith(bench: Bench, name: string, count: number): Promise<string> {
  const file = join(bench.home, `${name}.db`);
  const {
    file: command,
    args,
    env,
    cwd,
  } = mlstow(bench, ['experiments', 'create', '-n', name], {
    MLFLOW_TRACKING_URI: `sqlite:///${file}`,
  });
  await mustRun(command, args, { env, cwd });
  const database = new DatabaseSync(file);
  database.exec('BEGIN');
  for (const statement of deletedRuns(join(bench.home, 'arts'), count)) database.exec(statement);
  database.exec('COMMIT');
  database.close();
  await mkdir(join(bench.home, 'arts', '11'), { recursive: true });
  return file;
}

function runsIn(file: string): number {
  const database = new DatabaseSync(file);
  try {
    return (database.prepare('SELECT count(*) AS n FROM runs').get() as { n: number }).n;
  } finally {
    database.close();
  }
}

function mustBeGone(left: number): void {
  if (left > 0) throw new Error(`${left} runs are left`);
}

/** Rows alone. */
export const gcRows: Workload = {
  what: '20,000 deleted runs without artifacts in SQLite: gc --accept-missing',
  run: async (bench) => {
    const made = await sqliteWith(bench, 'made', scaled(bench, 20_000));
    const file = join(bench.home, 'gc.db');
    const all = await collectors(bench, `sqlite:///${file}`, ['--accept-missing'], {});
    const contestants = all.map((each) => ({
      ...each,
      before: async () => {
        for (const end of ['', '-wal', '-shm']) await rm(`${file}${end}`, { force: true });
        await cp(made, file);
      },
      after: async () => mustBeGone(runsIn(file)),
    }));
    return [{ workload: 'gc-rows', costs: await race(contestants, bench.rounds) }];
  },
};

/** The plan alone; nothing is deleted, and mlflow has none. */
export const gcPlan: Workload = {
  what: '1,000,000 deleted runs in SQLite: gc --plan',
  run: async (bench) => {
    const file = await sqliteWith(bench, 'plan', scaled(bench, 1_000_000));
    const plan = join(bench.home, 'plan.jsonl');
    const flags = ['--older-than', '1d', '--accept-missing', '--plan', plan, '-q'];
    const one = mlstow(bench, ['gc', '--backend-store-uri', `sqlite:///${file}`, ...flags]);
    const costs = await race([one], bench.rounds);
    await rm(file);
    return [{ workload: 'gc-plan', costs }];
  },
};

/** Rows and objects. */
export const gcS3: Workload = {
  what: '2,000 deleted runs of 20 artifacts each on S3, rows in PostgreSQL',
  run: async (bench) =>
    atSite(startS3Site(bench), async (site) => {
      const postgres = await startPostgres();
      try {
        const count = scaled(bench, 2_000);
        const folder = join(bench.scratch, 'source');
        await filesOfRuns(folder, count, 20);
        const made = await postgres.database();
        await migrate(postgres.uri(made));
        const root = `${site.location}/root`;
        await postgres.sql([...deletedRuns(root, count)].join('\n'), made);
        const env = { ...site.env, PYTHONPATH: await sqlPythonPath() };
        const names = { database: '' };
        const ready = await collectors(bench, 'URI', [], env);
        const contestants = ready.map((each): Contestant => ({
          ...each,
          get args() {
            return each.args.map((arg) => (arg === 'URI' ? postgres.uri(names.database) : arg));
          },
          get env() {
            return { ...each.env, MLFLOW_TRACKING_URI: postgres.uri(names.database) };
          },
          before: async () => {
            names.database = await postgres.copy(made);
            await fill(bench, site, folder, 'root');
          },
          after: async () => {
            mustBeGone(Number(await postgres.sql('SELECT count(*) FROM runs', names.database)));
            mustBeGone((await site.holds('root')).files);
          },
        }));
        return [{ workload: 'gc-s3', costs: await race(contestants, bench.rounds) }];
      } finally {
        await postgres.stop();
      }
    }),
};
