import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Io } from '../../src/core/io.ts';
import { startMariadb } from '../testbeds/mariadb.ts';
import { runOldPython } from '../testbeds/old-mlflow.ts';
import { startPostgres } from '../testbeds/postgres.ts';
import { openOn, type DatabaseServer } from './database-servers.ts';
import { collect } from './tracking-shared.ts';

const io: Io = { signal: new AbortController().signal };

const WRITE = `
import json, sys
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
from mlflow.entities import Metric, Param, RunTag
store = SqlAlchemyStore(sys.argv[1], './mlruns')
e = store.create_experiment('old', artifact_location='s3://bucket/old')
run = store.create_run(e, 'ada', 5, [RunTag('k', 'v')], 'first')
store.log_param(run.info.run_id, Param('p', 'q'))
store.log_metric(run.info.run_id, Metric('m', 1.5, 7, 2))
print(json.dumps(dict(experiment=e, run=run.info.run_id)))
`;

const READ = `
import json, sys
from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore
store = SqlAlchemyStore(sys.argv[1], './mlruns')
run = store.get_run(sys.argv[2])
e = store.get_experiment(run.info.experiment_id)
print(json.dumps(dict(name=run.info.run_name, status=run.info.status, stage=run.info.lifecycle_stage, tags=run.data.tags, uri=run.info.artifact_uri,
  experiment=e.name, experimentTags=e.tags)))
`;

const RELEASES = ['2.9.2', '2.22.0'];

let servers: readonly [DatabaseServer, DatabaseServer];
beforeAll(async () => {
  // Installed here, where there is time for it.
  for (const release of RELEASES) await runOldPython(release, '', []);
  servers = [await startPostgres(), await startMariadb()];
});
afterAll(async () => {
  await Promise.all(servers.map((server) => server.stop()));
});

async function place(kind: string): Promise<{ readonly uri: string; readonly cwd: string }> {
  const cwd = await mkdtemp(join(tmpdir(), 'mlstow-old-'));
  onTestFinished(() => rm(cwd, { recursive: true, force: true }));
  if (kind === 'SQLite') return { cwd, uri: `sqlite:///${join(cwd, 'm.db')}` };
  const server = servers[kind === 'PostgreSQL' ? 0 : 1];
  return { cwd, uri: server.uri(await server.database()) };
}

const CASES = RELEASES.flatMap((release) =>
  ['SQLite', 'PostgreSQL', 'MariaDB'].map((kind) => [release, kind] as const),
);

describe('a database that an earlier MLflow made', () => {
  it.each(CASES)('%s on %s: both read what the other wrote', async (release, kind) => {
    const { uri, cwd } = await place(kind);
    const theirs = JSON.parse((await runOldPython(release, WRITE, [uri])).trim()) as {
      readonly experiment: string;
      readonly run: string;
    };
    const store = await openOn(uri, cwd);
    expect(await store.experiments.get(theirs.experiment, io)).toMatchObject({
      name: 'old',
      artifactLocation: 's3://bucket/old',
    });
    expect(await store.runs.get(theirs.run, io)).toMatchObject({
      info: { runName: 'first', userId: 'ada', status: 'RUNNING', startTime: 5 },
      params: { p: 'q' },
      metrics: [{ key: 'm', value: 1.5, timestamp: 7, step: 2 }],
      tags: { k: 'v' },
    });
    expect(store.loggedModels).toBeUndefined();
    const id = await store.experiments.create({ name: 'ours', tags: { team: 'a' } }, io);
    const run = await store.runs.create(
      { experimentId: id, userId: 'u', runName: 'mine', startTime: 1, tags: {} },
      io,
    );
    await store.runs.setTag(run.runId, 'k', 'v', io);
    await store.runs.update(run.runId, { status: 'FINISHED', endTime: 9 }, io);
    const seen: unknown = JSON.parse((await runOldPython(release, READ, [uri, run.runId])).trim());
    expect(seen).toMatchObject({
      name: 'mine',
      status: 'FINISHED',
      stage: 'active',
      tags: { k: 'v', 'mlflow.runName': 'mine' },
      experiment: 'ours',
      experimentTags: { team: 'a' },
    });
    await store.experiments.delete(id, io);
    await store.experiments.restore(id, io);
    expect(await collect(store.runs.search({ experimentIds: [id], view: 'all' }, io))).toHaveLength(1);
  });
});
