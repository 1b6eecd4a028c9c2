import { cp, mkdtemp, readdir, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { bareEnvironment } from '../testbeds/bed.ts';
import { mlflowCommand, runPython } from '../testbeds/mlflow.ts';
import { runCommand } from '../testbeds/run-command.ts';
import { runMlstow } from './mlstow-command.ts';

/** Runs in every state, models and traces, all by the stock client. */
const MAKE = `
import json, mlflow
from mlflow import MlflowClient
client = MlflowClient()
made = {}
open("weights", "w").write("x" * 10)
def run(experiment, files=2):
    run_id = client.create_run(experiment).info.run_id
    for i in range(files):
        client.log_text(run_id, "x" * 10, f"d{i}/f.txt")
    client.log_metric(run_id, "m", 1.0); client.log_param(run_id, "p", 1); client.set_tag(run_id, "deep/t", "v")
    return run_id
def model(experiment, run_id):
    model = client.create_logged_model(experiment, "model", run_id)
    client.log_model_artifact(model.model_id, "weights")
    return model.model_id
live = client.create_experiment("live")
for name in ["live", "deleted", "later"]:
    made[name] = run(live)
made["empty"] = run(live, 0)
made["model"], made["kept"] = model(live, made["live"]), model(live, made["live"])
gone = client.create_experiment("gone")
made["gone"], made["inside"], made["before"] = gone, run(gone), run(gone)
client.delete_run(made["before"])
client.delete_experiment(gone)
for name in ["deleted", "later", "empty"]:
    client.delete_run(made[name])
client.delete_logged_model(made["model"])
client.create_registered_model("reg")
for name in ["live", "deleted"]:
    client.create_model_version("reg", client.get_run(made[name]).info.artifact_uri, made[name])
client.delete_model_version("reg", "2")
print(); print(json.dumps(made))
`;

const AFTER = `
import sys, json
from mlflow import MlflowClient
from mlflow.entities import ViewType
client = MlflowClient()
client.restore_run(sys.argv[1])
ids = [e.experiment_id for e in client.search_experiments(view_type=ViewType.ALL)]
runs = [r.info.run_id for r in client.search_runs(ids, run_view_type=ViewType.ALL)]
print(); print(json.dumps({"runs": sorted(runs), "files": len(client.list_artifacts(sys.argv[1]))}))
`;

async function folder(): Promise<string> {
  const made = await realpath(await mkdtemp(join(tmpdir(), 'mlstow-gc-')));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

const URI = './mlruns';
const ENV = { MLFLOW_TRACKING_URI: URI, MLFLOW_ALLOW_FILE_STORE: 'true' };

async function python<T>(script: string, cwd: string, ...args: string[]): Promise<T> {
  const { code, stdout, stderr } = await runPython(script, args, ENV, cwd);
  if (code !== 0) throw new Error(stderr);
  return JSON.parse(stdout.slice(stdout.trimEnd().lastIndexOf('\n') + 1)) as T;
}

/** Folders and files, without the side file of the lock. */
async function tree(cwd: string): Promise<readonly string[]> {
  const found = await readdir(join(cwd, 'mlruns'), { recursive: true, withFileTypes: true });
  return found
    .map((entry) => relative(cwd, join(entry.parentPath, entry.name)))
    .filter((path) => !path.includes('.mlstow'))
    .sort();
}

it('leaves what stock gc leaves of a file store, and takes no more than it is asked for', async () => {
  const cwd = await folder();
  const made = await python<Record<string, string>>(MAKE, cwd);
  const copy = await folder();
  await cp(cwd, copy, { recursive: true });
  const env = { ...bareEnvironment(cwd), ...ENV, MLFLOW_DISABLE_TELEMETRY: 'true' };
  const stock = await runCommand(await mlflowCommand(), ['gc', '--backend-store-uri', URI], { cwd, env });
  expect(stock.code).toBe(0);
  const left = await tree(cwd);

  await rm(cwd, { recursive: true });
  await cp(copy, cwd, { recursive: true });
  const all = await runMlstow(['gc', '--backend-store-uri', URI, '--all-deleted', '--yes'], {
    cwd,
    env: ENV,
  });
  expect([all.code, all.stdout]).toEqual([
    0,
    expect.stringContaining('deleted 5 runs, 1 model, 1 experiment ('),
  ]);
  expect(await tree(cwd)).toEqual(left);

  await rm(cwd, { recursive: true });
  await cp(copy, cwd, { recursive: true });
  const asked = ['--run-ids', `${made['deleted']},${made['empty']}`, '--logged-model-ids', made['model']!];
  const some = await runMlstow(['gc', '--backend-store-uri', URI, ...asked], { cwd, env: ENV });
  expect(some.code).toBe(0);
  const told = await python<{ runs: string[]; files: number }>(AFTER, cwd, made['later']!);
  expect(told.runs).toEqual([made['live'], made['later'], made['inside'], made['before']].sort());
  expect(told.files).toBe(2);
});
