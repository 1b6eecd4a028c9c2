import { DatabaseSync } from '@photostructure/sqlite';
import { ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { cp, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { bareEnvironment } from '../testbeds/bed.ts';
import { mlflowCommand, runPython } from '../testbeds/mlflow.ts';
import { runCommand } from '../testbeds/run-command.ts';
import { startVersitygw, type S3Bed } from '../testbeds/s3.ts';
import { runMlstow } from './mlstow-command.ts';

const URI = 'sqlite:///mlflow.db';

/** Runs in every state, models, traces and inputs, all by the stock client. */
const MAKE = `
import sys, json, mlflow
from mlflow import MlflowClient
from mlflow.entities import DatasetInput, Dataset, InputTag
root = sys.argv[1]
client = MlflowClient()
made = {}
def run(experiment, files=2):
    run_id = client.create_run(experiment).info.run_id
    for i in range(files):
        client.log_text(run_id, "x" * 10, f"d{i}/f.txt")
    client.log_metric(run_id, "m", 1.0); client.log_metric(run_id, "m", 2.0, step=1)
    client.log_param(run_id, "p", 1); client.set_tag(run_id, "t", "v")
    data = Dataset("d", "digest", "http", json.dumps({"url": "http://x"}), None, None)
    client.log_inputs(run_id, [DatasetInput(data, [InputTag("mlflow.data.context", "train")])])
    client.set_terminated(run_id)
    return run_id
live = client.create_experiment("live", root + "/1")
made["live"] = run(live)
made["deleted"] = run(live)
made["later"] = run(live)
made["empty"] = run(live, 0)
model = client.create_logged_model(live, "model")
made["model"] = model.model_id
client.finalize_logged_model(model.model_id, "READY")
kept = client.create_logged_model(live, "kept")
client.delete_logged_model(model.model_id)
for name in ("deleted", "later", "empty"): client.delete_run(made[name])
gone = client.create_experiment("gone", root + "/2")
made["gone"] = gone
made["inside"] = run(gone)
mlflow.set_experiment(experiment_id=gone)
with mlflow.start_span("s") as span: span.set_inputs({"a": 1})
mlflow.flush_trace_async_logging()
client.delete_experiment(gone)
print(); print(json.dumps(made))
`;

const RESTORE = `
import sys, json
from mlflow import MlflowClient
client = MlflowClient()
client.restore_run(sys.argv[1])
names = sorted(e.name for e in client.search_experiments(view_type=3))
runs = [r.info.run_id for r in client.search_runs([e.experiment_id for e in client.search_experiments()], run_view_type=3)]
print(); print(json.dumps({"names": names, "runs": sorted(runs), "files": len(client.list_artifacts(sys.argv[1]))}))
`;

interface Made {
  readonly live: string;
  readonly deleted: string;
  readonly later: string;
  readonly empty: string;
  readonly model: string;
  readonly gone: string;
  readonly inside: string;
}

let s3: S3Bed;
beforeAll(async () => {
  s3 = await startVersitygw();
  await s3.createBucket('arts');
});
afterAll(() => s3.stop());

const s3Env = () => ({
  AWS_ACCESS_KEY_ID: s3.accessKeyId,
  AWS_SECRET_ACCESS_KEY: s3.secretAccessKey,
  AWS_DEFAULT_REGION: s3.region,
  MLFLOW_S3_ENDPOINT_URL: s3.endpoint,
});

async function folder(): Promise<string> {
  const made = await realpath(await mkdtemp(join(tmpdir(), 'mlstow-gc-')));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

async function python<T>(script: string, cwd: string, ...args: string[]): Promise<T> {
  const env = { MLFLOW_TRACKING_URI: URI, ...s3Env() };
  const { code, stdout, stderr } = await runPython(script, args, env, cwd);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout.slice(stdout.trimEnd().lastIndexOf('\n') + 1)) as T;
}

/** The rows of every table. */
function rowsOf(cwd: string): Readonly<Record<string, readonly string[]>> {
  const database = new DatabaseSync(join(cwd, 'mlflow.db'));
  try {
    const tables = database.prepare("SELECT name FROM sqlite_master WHERE type = 'table'").all() as {
      name: string;
    }[];
    const rows = (name: string): readonly string[] => {
      const statement = database.prepare(`SELECT * FROM "${name}"`);
      statement.setReadBigInts(true);
      return statement
        .all()
        .map((row) =>
          JSON.stringify(row, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value)),
        )
        .sort();
    };
    return Object.fromEntries(tables.map(({ name }) => [name, rows(name)]));
  } finally {
    database.close();
  }
}

async function objects(prefix: string): Promise<readonly string[]> {
  const { Contents = [] } = await s3.client.send(
    new ListObjectsV2Command({ Bucket: 'arts', Prefix: prefix }),
  );
  return Contents.map(({ Key = '' }) => Key).sort();
}

async function filesIn(path: string): Promise<readonly string[]> {
  const entries = await readdir(path, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

const ours = (cwd: string, ...args: string[]) =>
  runMlstow(['gc', '--backend-store-uri', URI, ...args], { cwd, env: s3Env() });

/** Stock gc leaves these rows of the runs that it deletes. */
const LEFT_BY_STOCK = ['inputs', 'input_tags'];

it('leaves the rows and files that stock gc leaves, and its left-overs not', async () => {
  const cwd = await folder();
  const arts = join(cwd, 'arts');
  const made = await python<Made>(MAKE, cwd, arts);
  const copy = await folder();
  await cp(cwd, copy, { recursive: true });

  const env = { ...bareEnvironment(cwd), MLFLOW_TRACKING_URI: URI, MLFLOW_DISABLE_TELEMETRY: 'true' };
  const stock = await runCommand(await mlflowCommand(), ['gc', '--backend-store-uri', URI], { cwd, env });
  expect(stock.code).toBe(0);
  const [stockRows, stockFiles] = [rowsOf(cwd), await filesIn(arts)];

  await rm(cwd, { recursive: true });
  await cp(copy, cwd, { recursive: true });
  const finished = await ours(cwd, '--all-deleted', '--yes', '--accept-missing');
  expect(finished.stderr).toBe('');
  expect(finished.code).toBe(0);
  const ourRows = rowsOf(cwd);
  for (const [table, rows] of Object.entries(stockRows)) {
    if (!LEFT_BY_STOCK.includes(table)) expect([table, ourRows[table]]).toEqual([table, rows]);
  }
  expect(stockRows['inputs']).toHaveLength(5);
  expect(ourRows['inputs']).toHaveLength(1);
  expect(ourRows['inputs']?.[0]).toContain(made.live);
  expect(ourRows['input_tags']).toHaveLength(1);
  expect((await filesIn(arts)).filter((file) => !stockFiles.includes(file))).toEqual([]);
  const left = stockFiles.filter((file) => !file.includes('/traces/'));
  expect((await filesIn(arts)).filter((file) => !file.includes('/traces/'))).toEqual(left);
  expect((await readdir(join(arts, '1'))).sort()).not.toContain(made.deleted);
});

it('on S3: takes what is asked for, and stock MLflow goes on with the rest', async () => {
  const cwd = await folder();
  const made = await python<Made>(MAKE, cwd, 's3://arts/one');
  const key = `one/1/${made.deleted}/artifacts2/sibling`;
  await s3.client.send(new PutObjectCommand({ Bucket: 'arts', Key: key, Body: 'x' }));
  const before = await objects('one/');
  const finished = await ours(cwd, '--run-ids', `${made.deleted},${made.empty}`, '--output', 'jsonl');
  expect(finished.stderr).toBe('');
  expect(finished.code).toBe(0);
  expect(await objects('one/')).toEqual(
    before.filter((each) => !each.includes(`${made.deleted}/artifacts/`)),
  );
  const told = await python<{ names: string[]; runs: string[]; files: number }>(RESTORE, cwd, made.later);
  expect(told.runs).toEqual([made.live, made.later].sort());
  expect(told.names).toEqual(['Default', 'gone', 'live']);
  expect(told.files).toBe(2);
  expect((await ours(cwd, '--all-deleted', '--yes')).code).toBe(0);
  expect((await objects('one/2/')).filter((each) => each.includes(made.inside))).toEqual([]);
  expect((await objects('one/1/')).filter((each) => each.includes(made.later))).toHaveLength(2);
  const upgrade = await runCommand(await mlflowCommand(), ['db', 'upgrade', URI], {
    cwd,
    env: bareEnvironment(cwd),
  });
  expect(upgrade.code).toBe(0);
});

it('on S3: a wrong endpoint, or a bucket that is not there, costs no row', async () => {
  const cwd = await folder();
  const made = await python<Made>(MAKE, cwd, 's3://arts/two');
  await s3.createBucket('other');
  const database = new DatabaseSync(join(cwd, 'mlflow.db'));
  const set = database.prepare(
    'UPDATE runs SET artifact_uri = replace(artifact_uri, ?, ?) WHERE run_uuid = ?',
  );
  set.run('s3://arts', 's3://missing', made.deleted);
  set.run('s3://arts', 's3://other', made.later);
  database.close();
  const { code, stdout } = await ours(cwd, '--run-ids', `${made.deleted},${made.later},${made.empty}`);
  expect(code).toBe(8);
  expect(stdout).toContain(`kept run ${made.deleted}`);
  expect(stdout).toContain(`kept run ${made.later}`);
  expect(stdout).toContain(`deleted run ${made.empty}`);
  const env = {
    ...s3Env(),
    MLFLOW_S3_ENDPOINT_URL: 'http://127.0.0.1:9',
    MLFLOW_HTTP_REQUEST_MAX_RETRIES: '0',
  };
  const away = await runMlstow(['gc', '--backend-store-uri', URI, '--all-deleted', '--yes'], { cwd, env });
  expect(away.code).toBe(4);
  expect(rowsOf(cwd)['runs']).toHaveLength(4);
});
