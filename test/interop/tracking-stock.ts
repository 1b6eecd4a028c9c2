import { runPython } from '../testbeds/mlflow.ts';

const PRELUDE = `
import json, sys, math
import mlflow
from mlflow.tracking import MlflowClient
uri = sys.argv[1]
mlflow.set_tracking_uri(uri)
client = MlflowClient(uri)
`;

/** Everything that stock MLflow records and that we read. */
const WRITE = `
import pandas
from mlflow.entities import LoggedModelOutput, LoggedModelInput
e = client.create_experiment('stock: "ü" %20 # yes', tags={'team': 'a\\nb', 'deep/er key': '1'})
gone = client.create_experiment('gone', artifact_location='s3://bucket/gone')
mlflow.set_experiment(experiment_id=e)
with mlflow.start_run(run_name='null') as run:
    data = mlflow.data.from_pandas(pandas.DataFrame({'x': [1, 2]}), source='https://example.org/x.csv', name='rows')
    mlflow.log_input(data, context='training')
    mlflow.log_params({'lr': '0.1', 'deep/param': 'yes'})
    mlflow.set_tag('slash/tag', 'emoji 🎉')
    for step, value in enumerate([1.0, 3.0, 2.0]):
        client.log_metric(run.info.run_id, 'loss', value, timestamp=1000, step=step)
    client.log_metric(run.info.run_id, 'nan', float('nan'), timestamp=5, step=1)
    client.log_metric(run.info.run_id, 'inf', float('inf'), timestamp=5, step=1)
    client.log_metric(run.info.run_id, 'deep/low', float('-inf'), timestamp=5, step=-1)
    model = mlflow.initialize_logged_model(name='m', source_run_id=run.info.run_id)
    mlflow.finalize_logged_model(model.model_id, 'READY')
    client.log_outputs(run.info.run_id, [LoggedModelOutput(model.model_id, 3)])
    other = mlflow.create_external_model(name='seen')
    client.log_inputs(run.info.run_id, models=[LoggedModelInput(other.model_id)])
dead = client.create_run(e, start_time=7)
client.set_terminated(dead.info.run_id, 'KILLED', end_time=9)
client.delete_run(dead.info.run_id)
with_gone = client.create_run(gone)
client.delete_experiment(gone)
client.create_registered_model('reg')
client.create_model_version('reg', model.artifact_location, run_id=run.info.run_id)
client.create_model_version('reg', 's3://bucket/two')
client.create_model_version('reg', 's3://bucket/three')
client.set_registered_model_alias('reg', 'champion', '1')
client.transition_model_version_stage('reg', '2', 'Production')
client.delete_model_version('reg', '3')
print(json.dumps(dict(experiment=e, gone=gone, run=run.info.run_id, dead=dead.info.run_id, withGone=with_gone.info.run_id,
  model=model.model_id, modelLocation=model.artifact_location, seen=other.model_id, artifactUri=run.info.artifact_uri,
  start=run.info.start_time, name=client.get_run(dead.info.run_id).info.run_name)))
`;

/** What stock MLflow sees: every experiment and run, and what it may do next. */
const READ = `
from mlflow.entities import ViewType
def run_of(run):
    i = run.info
    return dict(runId=i.run_id, experimentId=i.experiment_id, name=i.run_name, user=i.user_id, status=i.status, start=i.start_time,
      end=i.end_time, artifactUri=i.artifact_uri, stage=i.lifecycle_stage, tags=run.data.tags)
experiments = client.search_experiments(view_type=ViewType.ALL)
runs = client.search_runs([x.experiment_id for x in experiments], run_view_type=ViewType.ALL)
found = dict(
  experiments=[dict(id=x.experiment_id, name=x.name, location=x.artifact_location, stage=x.lifecycle_stage, tags=x.tags,
    created=x.creation_time, updated=x.last_update_time, workspace=x.workspace) for x in experiments],
  runs=[run_of(r) for r in runs])
for r in runs:
    if r.info.lifecycle_stage == 'active':
        client.log_metric(r.info.run_id, 'm', 1.5, step=2)
        client.log_param(r.info.run_id, 'p', 'q')
        client.set_tag(r.info.run_id, 'stock/was', 'here')
for x in sys.argv[2:]:
    client.restore_experiment(x)
print(json.dumps(found))
`;

/** A run as stock MLflow sees it. */
export interface StockRun {
  readonly runId: string;
  readonly experimentId: string;
  readonly name: string;
  readonly user: string;
  readonly status: string;
  readonly start: number;
  readonly end: number | null;
  readonly artifactUri: string;
  readonly stage: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** What stock MLflow sees in a store. */
export interface StockView {
  readonly experiments: readonly Readonly<Record<string, unknown>>[];
  readonly runs: readonly StockRun[];
}

/** Runs stock Python on a tracking URI and gives the JSON of its last line. */
export async function stock<T>(
  script: string,
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<T> {
  const done = await runPython(PRELUDE + script, args, { MLFLOW_ALLOW_FILE_STORE: 'true', ...env }, cwd);
  if (done.code !== 0) throw new Error(`stock MLflow failed (${done.code}): ${done.stderr}`);
  return JSON.parse(done.stdout.trim().split('\n').at(-1) ?? '') as T;
}

/** Lets stock MLflow record one of everything; gives the ids. */
export function stockWrites(
  cwd: string,
  uri: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Readonly<Record<string, string>>> {
  return stock(WRITE, cwd, [uri], env);
}

/** What stock MLflow sees; then it logs to every active run and restores the experiments named. */
export function stockReads(
  cwd: string,
  uri: string,
  restore: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<StockView> {
  return stock(READ, cwd, [uri, ...restore], env);
}
