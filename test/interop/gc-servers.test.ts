import { existsSync } from 'node:fs';
import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Io } from '../../src/core/io.ts';
import { runPython } from '../testbeds/mlflow.ts';
import { sqlPythonPath } from '../testbeds/sql-python.ts';
import { mlflowDatabase, openOn, SERVERS, type DatabaseServer } from './database-servers.ts';
import { runMlstow } from './mlstow-command.ts';

const io: Io = { signal: new AbortController().signal };

const MAKE = `
import sys, json
from mlflow import MlflowClient
client = MlflowClient()
root = sys.argv[1]
made = {}
def run(experiment):
    run_id = client.create_run(experiment).info.run_id
    client.log_text(run_id, "x" * 10, "d/f.txt")
    for i in range(5): client.log_metric(run_id, "m", i, step=i)
    client.log_param(run_id, "p", 1)
    return run_id
live = client.create_experiment("live", root + "/1")
made["live"] = run(live); made["deleted"] = run(live); made["needed"] = run(live)
client.create_registered_model("m")
client.create_model_version("m", root + "/1/" + made["needed"] + "/artifacts/d")
model = client.create_logged_model(live, "model")
client.finalize_logged_model(model.model_id, "READY")
client.delete_logged_model(model.model_id)
for name in ("deleted", "needed"): client.delete_run(made[name])
gone = client.create_experiment("gone", root + "/2")
made["gone"] = gone; made["inside"] = run(gone)
client.delete_experiment(gone)
print(); print(json.dumps(made))
`;

describe.each(SERVERS)('gc on %s', (_name, start) => {
  let server: DatabaseServer;
  let uri: string;
  beforeAll(async () => {
    server = await start();
    uri = server.uri(await mlflowDatabase(server));
  });
  afterAll(() => server.stop());

  it('removes what was deleted, in small transactions, under a lock of the database', async () => {
    const cwd = await realpath(await mkdtemp(join(tmpdir(), 'mlstow-gc-')));
    onTestFinished(() => rm(cwd, { recursive: true, force: true }));
    const env = { PYTHONPATH: await sqlPythonPath(), MLFLOW_TRACKING_URI: uri };
    const python = async (script: string) => {
      const { code, stdout, stderr } = await runPython(script, [join(cwd, 'arts')], env, cwd);
      if (code !== 0) throw new Error(stderr);
      return JSON.parse(stdout.slice(stdout.trimEnd().lastIndexOf('\n') + 1)) as Record<string, string>;
    };
    const made = await python(MAKE);
    const gc = (...args: string[]) =>
      runMlstow(['gc', '--backend-store-uri', uri, '--output', 'jsonl', ...args], { cwd, env: {} });
    const store = await openOn(uri, cwd);
    const lock = await store.collect!.lock({ kind: 'exclusive' }, io);
    const second = await gc('--all-deleted', '--yes');
    expect([second.code, second.stderr]).toEqual([8, expect.stringContaining('another gc is at work')]);
    await lock!.release();
    const shard = await store.collect!.lock({ kind: 'shard', plan: 'p', shard: 0 }, io);
    expect(await store.collect!.lock({ kind: 'shard', plan: 'p', shard: 0 }, io)).toBeUndefined();
    const other = await store.collect!.lock({ kind: 'shard', plan: 'p', shard: 1 }, io);
    expect((await gc('--all-deleted', '--yes', '--skip-if-locked')).stdout).toContain('"locked":true');
    await other!.release();
    await shard!.release();
    expect(Math.abs((await store.collect!.now(io)) - Date.now())).toBeLessThan(60_000);

    const finished = await gc('--older-than', '0d', '--accept-missing');
    expect([finished.stderr, finished.code]).toEqual(['', 0]);
    const items = finished.stdout.trim().split('\n').slice(0, -1);
    const actions = items.map((line) => JSON.parse(line) as { kind: string; id: string; action: string });
    expect(actions.filter(({ action }) => action === 'keep').map(({ id }) => id)).toEqual([made['needed']]);
    expect(
      actions
        .filter(({ action }) => action === 'delete')
        .map(({ kind }) => kind)
        .sort(),
    ).toEqual(['experiment', 'model', 'run', 'run']);
    expect(existsSync(join(cwd, 'arts', '1', made['deleted']!))).toBe(false);
    expect(existsSync(join(cwd, 'arts', '1', made['needed']!, 'artifacts', 'd', 'f.txt'))).toBe(true);
    const left = await python(`
import json
from mlflow import MlflowClient
client = MlflowClient()
ids = [e.experiment_id for e in client.search_experiments(view_type=3)]
print(); print(json.dumps({"runs": " ".join(sorted(r.info.run_id for r in client.search_runs(ids, run_view_type=3)))}))
`);
    expect(left['runs']).toEqual([made['live'], made['needed']].sort().join(' '));
  });
});
