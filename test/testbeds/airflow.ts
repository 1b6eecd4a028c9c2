import { createHash } from 'node:crypto';
import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { bareEnvironment } from './bed.ts';
import { cached } from './bed-cache.ts';
import { mustRun } from './run-command.ts';

const HERE = join(import.meta.dirname, 'airflow');
const REQUIREMENTS = join(HERE, 'requirements.txt');

/** One try of a DAG. */
export interface AskedDag {
  /** A file of the bed's DAG folder. */
  readonly file: string;
  readonly dag: string;
  readonly conf?: Readonly<Record<string, string>>;
  /** Variables of the worker, for this DAG only. */
  readonly env?: Readonly<Record<string, string>>;
}

/** What became of a task, or of one of its mapped instances. */
export interface TaskOutcome {
  readonly task: string;
  /** -1 unless mapped. */
  readonly mapIndex: number;
  readonly tries: number;
  readonly state: string;
  readonly xcom: unknown;
  /** Of all tries. */
  readonly log: string;
}

export interface DagOutcome {
  readonly dag: string;
  readonly state: string;
  readonly tasks: readonly TaskOutcome[];
}

/** The folder of a virtual environment with Airflow, and the version that it is. */
async function environment(): Promise<{ readonly dir: string; readonly version: string }> {
  const pins = await readFile(REQUIREMENTS, 'utf8');
  const version = /^apache-airflow==(.+)$/m.exec(pins)?.[1];
  if (version === undefined) throw new Error(`${REQUIREMENTS} does not pin apache-airflow`);
  const hash = createHash('sha256').update(pins).digest('hex').slice(0, 8);
  const dir = await cached('airflow', `${version}-${hash}`, async (made) => {
    await mustRun('python3', ['-m', 'venv', made]);
    const quiet = ['--quiet', '--no-input', '--no-deps', '--no-cache-dir'];
    await mustRun(join(made, 'bin', 'pip'), ['install', ...quiet, '-r', REQUIREMENTS]);
  });
  return { dir, version };
}

function variables(home: string): NodeJS.ProcessEnv {
  return {
    ...bareEnvironment(home),
    AIRFLOW_HOME: home,
    AIRFLOW__CORE__DAGS_FOLDER: join(home, 'dags'),
    AIRFLOW__CORE__LOAD_EXAMPLES: 'False',
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED: 'False',
  };
}

/** Writes a copy of a migrated, empty metadata database to `file`; migrating takes as long as a few DAGs. */
async function emptyDatabase(file: string): Promise<void> {
  const { dir, version } = await environment();
  const template = await cached('airflow-sqlite', version, async (home) => {
    await mustRun(join(dir, 'bin', 'airflow'), ['db', 'migrate'], { env: variables(home), cwd: home });
  });
  await copyFile(join(template, 'airflow.db'), file);
}

/** Makes an empty folder AIRFLOW_HOME, whose DAG folder holds copies of `files`. */
export async function prepareAirflow(home: string, files: readonly string[]): Promise<void> {
  await emptyDatabase(join(home, 'airflow.db'));
  await mkdir(join(home, 'dags'));
  for (const file of files) await copyFile(file, join(home, 'dags', basename(file)));
}

/**
 * Runs DAGs with a real Airflow, one after the other in one process, each to the end of its retries.
 * @throws Error when a DAG cannot be run at all; what became of its tasks is the caller's to judge
 */
export async function runDags(
  home: string,
  asked: readonly AskedDag[],
  env: Readonly<Record<string, string>>,
): Promise<readonly DagOutcome[]> {
  const { dir } = await environment();
  const input = JSON.stringify(asked.map((each) => ({ ...each, file: join(home, 'dags', each.file) })));
  const finished = await mustRun(join(dir, 'bin', 'python'), [join(HERE, 'run_dags.py')], {
    env: { ...variables(home), ...env },
    cwd: home,
    input,
  });
  return finished.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as DagOutcome);
}

/** The DAG files of a folder. */
export async function dagFiles(folder: string): Promise<readonly string[]> {
  return (await readdir(folder)).filter((name) => name.endsWith('.py')).map((name) => join(folder, name));
}

/** A DAG for tests alone. */
export const KILLED_UPLOAD = join(HERE, 'killed_upload.py');
