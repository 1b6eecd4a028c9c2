import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Io } from '../../src/core/io.ts';
import type { TrackingStore } from '../../src/tracking/store.ts';
import { failureOf } from '../unit/tracking/rest/server.ts';
import { startStock, type Stock } from '../unit/tracking/rest/stock.ts';

const io: Io = { signal: new AbortController().signal };
let stock: Stock;
let store: TrackingStore;
beforeAll(async () => {
  stock = await startStock();
  store = stock.store;
});
afterAll(() => stock.stop());

describe('models', () => {
  it('made by the stock client are found by version, alias, stage and latest', async () => {
    await stock.python(`client.create_registered_model("m odel")
for i in range(3):
    client.create_model_version("m odel", f"s3://b/x{i}")
client.set_registered_model_alias("m odel", "best", "2")
client.transition_model_version_stage("m odel", "1", "Production")
print(0)`);
    const registry = store.registry!;
    expect(await registry.version('m odel', '3', io)).toMatchObject({
      version: '3',
      source: 's3://b/x2',
    });
    expect((await registry.byAlias('m odel', 'best', io)).version).toBe('2');
    expect((await registry.byStage('m odel', 'Production', io)).version).toBe('1');
    const latest = await registry.byStage('m odel', 'Latest', io);
    expect(latest.version).toBe('3');
    expect(await registry.downloadUri(latest, io)).toBe('s3://b/x2');
    expect((await failureOf(registry.version('m odel', '9', io))).kind).toBe('not-found');
    expect((await failureOf(registry.byStage('m odel', 'Staging', io))).kind).toBe('not-found');
    expect((await failureOf(registry.byStage('nobody', 'latest', io))).kind).toBe('not-found');
    expect((await failureOf(registry.version('nobody', '1', io))).kind).toBe('not-found');
    expect(['not-found', 'invalid']).toContain(
      (await failureOf(registry.byAlias('m odel', 'worst', io))).kind,
    );
  });

  it('logged by the stock client are read', async () => {
    const made = (await stock.python(
      `run = client.create_run("0")
model = client.create_logged_model("0", name="net", source_run_id=run.info.run_id)
print(json.dumps([model.model_id, model.artifact_location, run.info.run_id]))`,
    )) as [string, string, string];
    expect(await store.loggedModels!.get(made[0], io)).toEqual({
      modelId: made[0],
      experimentId: '0',
      name: 'net',
      artifactLocation: made[1],
      sourceRunId: made[2],
    });
    expect((await failureOf(store.loggedModels!.get('m-nope', io))).kind).toBe('not-found');
  });
});

describe('artifacts and traces', () => {
  it("are listed with the server's eyes", async () => {
    const { runId } = await store.runs.create(
      { experimentId: '0', userId: 'me', startTime: 1, tags: {} },
      io,
    );
    expect(await store.serverArtifacts!.list(runId, '', io)).toEqual([]);
    await stock.python(
      'client.log_text(sys.argv[1], "abc", "d/é x.txt")\nclient.log_text(sys.argv[1], "", "empty")\nprint(0)',
      runId,
    );
    expect(await store.serverArtifacts!.list(runId, '', io)).toEqual([
      { path: 'd', isDirectory: true },
      { path: 'empty', isDirectory: false },
    ]);
    expect(await store.serverArtifacts!.list(runId, 'd', io)).toEqual([
      { path: 'd/é x.txt', isDirectory: false, size: 3 },
    ]);
    expect((await failureOf(store.serverArtifacts!.list('nope', '', io))).kind).toBe('not-found');
  });

  it('are linked to a run', async () => {
    const traceId = (await stock.python(
      'with mlflow.start_span("s") as s:\n    pass\nmlflow.flush_trace_async_logging()\nprint(json.dumps(s.trace_id))',
    )) as string;
    const { runId } = await store.runs.create(
      { experimentId: '0', userId: 'me', startTime: 1, tags: {} },
      io,
    );
    await store.traces!.link(runId, [traceId], io);
    const found = await stock.python(
      'print(json.dumps([t.info.trace_id for t in client.search_traces(locations=["0"], run_id=sys.argv[1])]))',
      runId,
    );
    expect(found).toEqual([traceId]);
  });
});
