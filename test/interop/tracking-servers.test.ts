import { mkdtemp, realpath, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import type { Io } from '../../src/core/io.ts';
import { sqlPythonPath } from '../testbeds/sql-python.ts';
import { mlflowDatabase, openOn, SERVERS, type DatabaseServer } from './database-servers.ts';
import { collect, expectStockEntities, weWrite } from './tracking-shared.ts';
import { stock, stockReads, stockWrites } from './tracking-stock.ts';

const io: Io = { signal: new AbortController().signal };

async function folder(): Promise<string> {
  const made = await realpath(await mkdtemp(join(tmpdir(), 'mlstow servers-')));
  onTestFinished(() => rm(made, { recursive: true, force: true }));
  return made;
}

const LOOP = `
for i in range(40):
    run = client.create_run('0')
    client.log_param(run.info.run_id, 'i', i)
print(1)
`;

describe.each(SERVERS)('MLflow on %s', (_name, start) => {
  let server: DatabaseServer;
  let database: string;
  let env: Readonly<Record<string, string>>;
  beforeAll(async () => {
    server = await start();
    env = { PYTHONPATH: await sqlPythonPath() };
    database = await mlflowDatabase(server);
  });
  afterAll(() => server.stop());

  it('reads what stock MLflow wrote, and stock MLflow what we wrote', async () => {
    const cwd = await folder();
    const uri = server.uri(database);
    const store = await openOn(uri, cwd);
    expect(store.reach).toBe('network');
    expect(store.label).not.toContain('p%40ss');
    const made = await weWrite(store);
    const seen = await stockReads(cwd, uri, [made.deleted], env);
    expect(seen.experiments.find((experiment) => experiment['id'] === made.live)).toMatchObject({
      name: 'ours = 12e4: yes # \u0080\u2028"',
      location: join(cwd, 'mlruns', made.live),
      stage: 'active',
      tags: { 'a/b c': 'line\r\nüñ', plain: '2' },
      workspace: 'default',
    });
    expect(seen.runs.find((run) => run.runId === made.run)).toMatchObject({
      name: '1_000',
      user: '007',
      status: 'FAILED',
      start: 1_700_000_000_001,
      end: 1_700_000_000_002,
      artifactUri: join(cwd, 'mlruns', made.live, made.run, 'artifacts'),
      tags: { k: '', 'deep/er': 'true', 'mlflow.runName': '1_000' },
    });
    expect(seen.runs.find((run) => run.runId === made.dead)).toMatchObject({ stage: 'deleted' });
    expect((await store.experiments.get(made.deleted, io)).lifecycleStage).toBe('active');
    expect((await store.runs.get(made.dead, io)).info.lifecycleStage).toBe('active');
    const touched = await store.runs.get(made.run, io);
    expect(touched).toMatchObject({ params: { p: 'q' }, metrics: [{ key: 'm', value: 1.5, step: 2 }] });
    await expectStockEntities(store, await stockWrites(cwd, uri, env), Number.MAX_VALUE);
  });

  it('lets stock MLflow and us write at once', async () => {
    const cwd = await folder();
    const uri = server.uri(database);
    const store = await openOn(uri, cwd);
    const before = (await collect(store.runs.search({ experimentIds: ['0'], view: 'all' }, io))).length;
    const stockIs = { done: false };
    const theirs = stock(LOOP, cwd, [uri], env).finally(() => {
      stockIs.done = true;
    });
    let made = 0;
    while (!stockIs.done) {
      const batch = [0, 1, 2].map((n) =>
        store.runs.create({ experimentId: '0', userId: 'u', startTime: made + n, tags: { n: `${n}` } }, io),
      );
      made += (await Promise.all(batch)).length;
      await new Promise((next) => setTimeout(next, 20));
    }
    await theirs;
    expect(await collect(store.runs.search({ experimentIds: ['0'], view: 'all' }, io))).toHaveLength(
      before + 40 + made,
    );
    expect(made).toBeGreaterThan(20);
  });
});
