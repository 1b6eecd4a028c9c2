import { chmod, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  dagFiles,
  KILLED_UPLOAD,
  prepareAirflow,
  runDags,
  type DagOutcome,
  type TaskOutcome,
} from '../testbeds/airflow.ts';
import { bedFolder } from '../testbeds/bed.ts';
import { startMlflowServer, type MlflowServer } from '../testbeds/mlflow.ts';
import { askMlstow, MLSTOW, runMlstow, type Place } from './mlstow-command.ts';
import { treeOf } from './tree-of.ts';

const EXAMPLES = join(import.meta.dirname, '..', '..', 'examples', 'airflow');

/**
 * The command as workers find it. It writes down how each command ended, also when its task is killed, and kills the
 * first try of a mapped task in front of its upload, as the kernel does when memory is short.
 */
const WORKER = `#!/bin/sh
if [ "$AIRFLOW_CTX_TASK_ID/$AIRFLOW_CTX_TRY_NUMBER $1 $2" = "train/1 artifacts log" ]; then
  [ "$AIRFLOW_CTX_DAG_ID" = mapped_models ] && kill -KILL $PPID
fi
trap : TERM
"${process.execPath}" "${MLSTOW}" "$@" &
wait $!
code=$?
[ $code -gt 128 ] && wait $! && code=$?
echo "$AIRFLOW_CTX_DAG_ID $1 $2: $code" >> "$WORKER_NOTES"
exit $code
`;

let home = '';
let server: MlflowServer;
let place: Place;
let outcomes: readonly DagOutcome[] = [];
/** Runs that were deleted before gc came. */
const deleted: string[] = [];

async function prepareWorker(): Promise<Readonly<Record<string, string>>> {
  const bin = join(home, 'bin');
  await mkdir(bin);
  await writeFile(join(bin, 'mlstow'), WORKER);
  await chmod(join(bin, 'mlstow'), 0o755);
  return {
    PATH: `${bin}:${process.env['PATH'] ?? ''}`,
    WORKER_NOTES: join(home, 'notes'),
    MLFLOW_TRACKING_URI: server.url,
    AIRFLOW_VAR_MLFLOW_DATABASE_SECRET: `sqlite:///${join(server.dir, 'mlflow.db')}`,
    AIRFLOW_VAR_MLFLOW_ARTIFACTS_DESTINATION: join(server.dir, 'artifacts'),
  };
}

async function deleteRuns(): Promise<void> {
  await writeFile(join(home, 'old.txt'), 'old weights');
  for (let i = 0; i < 3; i += 1) {
    const run = await askMlstow(['runs', 'create', '-n', 'old'], place);
    await askMlstow(['artifacts', 'log', join(home, 'old.txt'), '-r', run], place);
    await askMlstow(['runs', 'delete', '-r', run], place);
    deleted.push(run);
  }
}

beforeAll(async () => {
  home = await bedFolder('airflow');
  [server] = await Promise.all([
    startMlflowServer(),
    prepareAirflow(home, [...(await dagFiles(EXAMPLES)), KILLED_UPLOAD]),
  ]);
  place = { cwd: home, env: { MLFLOW_TRACKING_URI: server.url } };
  const env = await prepareWorker();
  await deleteRuns();
  const gc = { older_than: '0s', max_delete: '90%', folder: join(home, 'gc') };
  outcomes = await runDags(
    home,
    [
      { file: 'lost_artifact.py', dag: 'lost_artifact' },
      { file: 'preflight.py', dag: 'preflight' },
      { file: 'preflight.py', dag: 'preflight', env: { MLFLOW_TRACKING_URI: 'sqlite:///mlflow.db' } },
      { file: 'train_and_log.py', dag: 'train_and_log' },
      { file: 'mapped_models.py', dag: 'mapped_models' },
      { file: 'killed_upload.py', dag: 'killed_upload' },
      { file: 'collect_garbage.py', dag: 'collect_garbage', conf: gc },
    ],
    env,
  );
});

afterAll(async () => {
  await server.stop();
  await rm(home, { recursive: true });
});

/** The outcomes of a DAG, in the order in which it was run. */
function outcomesOf(dag: string): readonly DagOutcome[] {
  return outcomes.filter((outcome) => outcome.dag === dag);
}

function tasksOf(dag: string, task: string, nth = 0): readonly TaskOutcome[] {
  const tasks = outcomesOf(dag)[nth]?.tasks.filter((each) => each.task === task) ?? [];
  return tasks.toSorted((a, b) => a.mapIndex - b.mapIndex);
}

function taskOf(dag: string, task: string, nth = 0): TaskOutcome {
  const [found] = tasksOf(dag, task, nth);
  if (found === undefined) throw new Error(`${dag} has no task ${task}`);
  return found;
}

async function runsOf(experiment: string): Promise<readonly string[]> {
  const found = await runMlstow(['experiments', 'get', '-n', experiment, '--output', 'json'], place);
  const { experiment_id: id } = JSON.parse(found.stdout) as { experiment_id: string };
  const listed = await askMlstow(['runs', 'list', '-x', id, '--view', 'all'], place);
  return listed.split('\n').filter((line) => line !== '');
}

describe('lost_artifact: what would lose the model fails, and says why and what to do', () => {
  test('an environment that env= replaced has no tracking URI', () => {
    const { state, log } = taskOf('lost_artifact', 'environment_replaced');
    expect(state).toBe('failed');
    expect(log).toContain('no tracking URI is set in this Airflow task of DAG lost_artifact');
    expect(log).toContain('append_env=True');
    expect(log).toContain('Command exited with return code 3');
  });

  test('an artifact location in the working directory of the worker', async () => {
    const { state, log } = taskOf('lost_artifact', 'folder_of_the_worker');
    expect(state).toBe('failed');
    expect(log).toMatch(
      /the artifact location \/tmp\/\S+\/mlruns is in a temporary directory of this machine/,
    );
    expect(log).toContain('--artifact-location s3://');
    expect(await runMlstow(['experiments', 'get', '-n', 'lost'], place)).toMatchObject({ code: 5 });
  });
});

describe('preflight: doctor decides whether the expensive part begins', () => {
  test('on a worker that is set up well it does', () => {
    expect(outcomesOf('preflight')[0]?.state).toBe('success');
    expect(taskOf('preflight', 'train').state).toBe('success');
  });

  test('on one whose records would vanish it does not, and the log says what to set', () => {
    const check = taskOf('preflight', 'check', 1);
    expect(check).toMatchObject({ state: 'failed', tries: 1 });
    expect(check.log).toContain('Command exited with return code 3');
    expect(check.log).toMatch(/FAIL.*airflow-tracking/);
    expect(check.log).toContain('MLFLOW_TRACKING_URI');
    expect(taskOf('preflight', 'train', 1).state).toBe('upstream_failed');
  });
});

describe('train_and_log: run id and artifact path are XComs', () => {
  test('the last line of a task with -q is the id or the URI, and nothing else', async () => {
    expect(outcomesOf('train_and_log')[0]?.state).toBe('success');
    const run = taskOf('train_and_log', 'run').xcom;
    expect(await runsOf('churn')).toEqual([run]);
    expect(taskOf('train_and_log', 'train').xcom).toMatch(new RegExp(`/${String(run)}/artifacts/model$`));
  });

  test('the stock server has the model, and the run is finished and tells its DAG', async () => {
    const run = String(taskOf('train_and_log', 'run').xcom);
    const listed = await askMlstow(['artifacts', 'list', '-r', run, '-R'], place);
    expect(listed).toBe('model/weights.txt');
    const { stdout } = await runMlstow(['runs', 'get', '-r', run], place);
    const { info, data } = JSON.parse(stdout) as {
      info: { status: string };
      data: { tags: Readonly<Record<string, string>> };
    };
    expect(info.status).toBe('FINISHED');
    expect(data.tags).toMatchObject({ 'airflow.dag_id': 'train_and_log', 'airflow.task_id': 'run' });
  });
});

describe('mapped_models: N mapped tasks, N runs', () => {
  test('also when each was killed once: the second try goes on with the run of the first', async () => {
    const trained = tasksOf('mapped_models', 'train');
    expect(trained.map(({ tries, state }) => [tries, state])).toEqual([0, 1, 2].map(() => [2, 'success']));
    const runs = trained.map(({ xcom }) => String(xcom));
    expect(new Set(runs).size).toBe(3);
    expect([...(await runsOf('mapped'))].sort()).toEqual(runs.toSorted());
    for (const run of runs)
      expect(await askMlstow(['artifacts', 'list', '-r', run], place)).toBe('model.txt');
    expect(taskOf('mapped_models', 'compare')).toMatchObject({ state: 'success', xcom: 3 });
  });
});

describe('a task that its time-out kills in the middle of an upload', () => {
  test('ends with 143 and leaves nothing; its second try finds the run empty and finishes', async () => {
    const { tries, state, log, xcom } = taskOf('killed_upload', 'upload');
    expect({ tries, state }).toEqual({ tries: 2, state: 'success' });
    expect(log.match(/before: \[[^$\]]*\]/g)).toEqual(['before: []', 'before: []']);
    const notes = await readFile(join(home, 'notes'), 'utf8');
    expect(notes.split('\n').filter((line) => line.startsWith('killed_upload artifacts log'))).toEqual([
      'killed_upload artifacts log: 143',
      'killed_upload artifacts log: 0',
    ]);
    expect(await runsOf('killed')).toEqual([xcom]);
    const kept = Object.keys(await treeOf(join(server.dir, 'artifacts')));
    const ofRun = kept.filter((path) => path.includes(`/${String(xcom)}/artifacts/`));
    expect(ofRun.map((path) => path.replace(/.*\/artifacts\//, ''))).toEqual(['big.bin']);
  });
});

describe('collect_garbage: one plan, four parts, one report', () => {
  test('the parts together collect what the plan says, each item once', async () => {
    expect(outcomesOf('collect_garbage')[0]?.state).toBe('success');
    expect(tasksOf('collect_garbage', 'apply').map(({ state }) => state)).toEqual(Array(4).fill('success'));
    const { xcom } = taskOf('collect_garbage', 'report');
    expect(xcom).toMatchObject({ delete: 3, keep: 0, skip: 0, fail: 0, bytes: 33 });
    for (const run of deleted)
      expect(await runMlstow(['runs', 'get', '-r', run], place)).toMatchObject({ code: 5 });
    const kept = Object.keys(await treeOf(join(server.dir, 'artifacts')));
    expect(kept.filter((path) => deleted.some((run) => path.includes(run)))).toEqual([]);
  });
});

test('no log has a bar, a colour or a carriage return', () => {
  const logs = outcomes.flatMap(({ tasks }) => tasks.map(({ log }) => log));
  expect(logs.length).toBeGreaterThan(15);
  for (const log of logs) for (const mark of ['\r', '\b', '\u001B']) expect(log).not.toContain(mark);
});
