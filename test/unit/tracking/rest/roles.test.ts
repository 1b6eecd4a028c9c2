import { afterEach, describe, expect, it } from 'vitest';
import { all, failureOf, startServer, type Server } from './server.ts';

let server: Server;
async function serve(...replies: Parameters<typeof startServer>) {
  server = await startServer(...replies);
  return { store: server.store(), io: server.io };
}
afterEach(() => server.stop());

const page = '<!doctype html><title>404 Not Found</title>';

describe('experiments', () => {
  it('are created with location, tags and retention', async () => {
    const { store, io } = await serve({ json: { experiment_id: 12 } });
    const experiment = {
      name: 'n',
      artifactLocation: 's3://b/x',
      tags: { a: '1' },
      traceArchivalRetention: '30d',
    };
    expect(await store.experiments.create(experiment, io)).toBe('12');
    expect(JSON.parse(server.requests[0]!.body.toString())).toEqual({
      name: 'n',
      artifact_location: 's3://b/x',
      tags: [
        { key: 'a', value: '1' },
        { key: 'mlflow.trace.archivalRetention', value: '{"type": "duration", "value": "30d"}' },
      ],
    });
  });

  it('whose name is taken say so', async () => {
    const taken = {
      error_code: 'RESOURCE_ALREADY_EXISTS',
      message: 'Experiment(name=n) already exists. Error: (x)',
    };
    const { store, io } = await serve({ status: 400, json: taken });
    const failure = await failureOf(store.experiments.create({ name: 'n', tags: {} }, io));
    expect(failure.facts).toMatchObject({
      kind: 'exists',
      message: "an experiment named 'n' exists already",
    });
  });

  it('are found by name, or not, but never lost to a wrong path', async () => {
    const found = {
      experiment: { experiment_id: '7', name: 'a b', creation_time: 5, last_update_time: '6' },
    };
    const none = { status: 404, json: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'no' } };
    const { store, io } = await serve({ json: found }, none, { status: 404, text: page });
    expect(await store.experiments.findByName('a b', io)).toEqual({
      experimentId: '7',
      name: 'a b',
      artifactLocation: '',
      lifecycleStage: 'active',
      creationTime: 5,
      lastUpdateTime: 6,
      tags: {},
    });
    expect(server.seen()).toEqual(['GET experiments/get-by-name?experiment_name=a+b']);
    expect(await store.experiments.findByName('x', io)).toBeUndefined();
    expect((await failureOf(store.experiments.findByName('x', io))).kind).toBe('misconfigured');
  });

  it('are searched to the end, or to the number wanted', async () => {
    const some = (...ids: string[]) => ids.map((id) => ({ experiment_id: id, name: id }));
    const pages = [
      { json: { experiments: some('3', '2'), next_page_token: 't' } },
      { json: { experiments: some('1'), next_page_token: '' } },
    ];
    const { store, io } = await serve(...pages, ...pages);
    const found = await all(store.experiments.search({ view: 'deleted_only' }, io));
    expect(found.map((experiment) => experiment.experimentId)).toEqual(['3', '2', '1']);
    expect(server.seen()).toEqual([
      'POST experiments/search {"max_results":1000,"view_type":"DELETED_ONLY"}',
      'POST experiments/search {"max_results":1000,"page_token":"t","view_type":"DELETED_ONLY"}',
    ]);
    expect(await all(store.experiments.search({ view: 'all', maxResults: 1 }, io))).toHaveLength(1);
    expect(await all(store.experiments.search({ view: 'all', maxResults: 0 }, io))).toEqual([]);
    expect(server.requests).toHaveLength(3);
  });

  it('never go round in circles', async () => {
    const { store, io } = await serve({ json: { experiments: [], next_page_token: 't' } });
    expect((await failureOf(all(store.experiments.search({ view: 'all' }, io)))).kind).toBe('corrupt');
  });

  it('are renamed, tagged and untagged', async () => {
    const { store, io } = await serve({});
    await store.experiments.update('7', {}, io);
    await store.experiments.update('7', { name: 'new' }, io);
    await store.experiments.setTag('7', 'k', 'v', io);
    await store.experiments.deleteTag('7', 'k', io);
    expect(server.seen()).toEqual([
      'POST experiments/update {"experiment_id":"7","new_name":"new"}',
      'POST experiments/set-experiment-tag {"experiment_id":"7","key":"k","value":"v"}',
      'POST experiments/delete-experiment-tag {"experiment_id":"7","key":"k"}',
    ]);
  });

  it('are not renamed to a name that is taken', async () => {
    const refused = {
      status: 400,
      json: { error_code: 'BAD_REQUEST', message: '(sqlite3.IntegrityError) UNIQUE' },
    };
    const other = { json: { experiment: { experiment_id: '8', name: 'new' } } };
    const none = { status: 404, json: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'no' } };
    const { store, io } = await serve(refused, other, refused, none);
    expect((await failureOf(store.experiments.update('7', { name: 'new' }, io))).kind).toBe('exists');
    expect((await failureOf(store.experiments.update('7', { name: 'new' }, io))).kind).toBe('invalid');
  });
});

describe('runs', () => {
  const info = { run_uuid: 'r', experiment_id: '7', status: 'FINISHED', artifact_uri: 's3://b/r/artifacts' };

  it('are read whole, with what old servers leave out', async () => {
    const { store, io } = await serve({
      json: {
        run: {
          info,
          data: {
            metrics: [
              { key: 'a', value: 'NaN', timestamp: '5', step: 2 },
              { key: 'b', value: '-Infinity', timestamp: 6 },
            ],
            params: [{ key: '__proto__', value: 'x' }],
            tags: [{ key: 'empty' }],
          },
          inputs: {
            dataset_inputs: [
              {
                tags: [{ key: 'c', value: 'train' }],
                dataset: { name: 'd', digest: 'e', source_type: 'http', source: 's' },
              },
            ],
            model_inputs: [{ model_id: 'm-1' }],
          },
          outputs: { model_outputs: [{ model_id: 'm-2', step: '3' }] },
        },
      },
    });
    const run = await store.runs.get('r', io);
    expect(run.info).toEqual({
      runId: 'r',
      experimentId: '7',
      status: 'FINISHED',
      artifactUri: 's3://b/r/artifacts',
      lifecycleStage: 'active',
    });
    expect(run.metrics).toEqual([
      { key: 'a', value: NaN, timestamp: 5, step: 2 },
      { key: 'b', value: -Infinity, timestamp: 6, step: 0 },
    ]);
    expect(Object.entries(run.params)).toEqual([['__proto__', 'x']]);
    expect(run.tags).toEqual({ empty: '' });
    expect(run.datasetInputs).toEqual([
      { tags: { c: 'train' }, dataset: { name: 'd', digest: 'e', sourceType: 'http', source: 's' } },
    ]);
    expect(run.modelInputs).toEqual([{ modelId: 'm-1' }]);
    expect(run.modelOutputs).toEqual([{ modelId: 'm-2', step: 3 }]);
  });

  it('are created and changed', async () => {
    const { store, io } = await serve({ json: { run: { info: { ...info, run_id: 'r', start_time: 0 } } } });
    const created = await store.runs.create(
      { experimentId: '7', userId: 'u', runName: 'n', startTime: 9, tags: { a: '1' } },
      io,
    );
    expect(created).toMatchObject({ runId: 'r', startTime: 0 });
    await store.runs.update('r', { status: 'FAILED', endTime: 10, runName: 'x' }, io);
    expect(server.seen()).toEqual([
      'POST runs/create {"experiment_id":"7","user_id":"u","run_name":"n","start_time":9,"tags":[{"key":"a","value":"1"}]}',
      'POST runs/update {"run_id":"r","status":"FAILED","end_time":10,"run_name":"x"}',
    ]);
  });

  it.each([
    ['plain', `tags."k" = 'plain'`],
    ["it's", `tags."k" = "it's"`],
    ['say "hi"', `tags."k" = 'say "hi"'`],
    [`both ' and "`, `tags."k" LIKE 'both _ and "'`],
  ])('are searched by tag value %j', async (value, filter) => {
    const run = (id: string, said: string) => ({
      info: { ...info, run_id: id },
      data: { tags: [{ key: 'k', value: said }] },
    });
    const { store, io } = await serve({ json: { runs: [run('r', value), run('other', `${value}!`)] } });
    const search = { experimentIds: ['7'], view: 'active_only', tag: { key: 'k', value } } as const;
    const found = await all(store.runs.search(search, io));
    expect(found.map((one) => one.info.runId)).toEqual(['r']);
    expect(JSON.parse(server.requests[0]!.body.toString())).toEqual({
      experiment_ids: ['7'],
      filter,
      run_view_type: 'ACTIVE_ONLY',
      max_results: 1000,
    });
  });

  it('are not searched where that means nothing', async () => {
    const { store, io } = await serve({});
    expect(await all(store.runs.search({ experimentIds: [], view: 'all' }, io))).toEqual([]);
    const search = { experimentIds: ['7'], view: 'all', tag: { key: '`"', value: 'v' } } as const;
    expect((await failureOf(all(store.runs.search(search, io)))).kind).toBe('invalid');
    expect(server.requests).toEqual([]);
  });
});

describe('models', () => {
  it('logged ones are read; an old server has none', async () => {
    const model = {
      info: { model_id: 'm-1', experiment_id: '7', name: 'n', artifact_uri: 's3://b/m', source_run_id: '' },
    };
    const { store, io } = await serve({ json: { model } }, { status: 404, text: page });
    expect(await store.loggedModels!.get('m-1', io)).toEqual({
      modelId: 'm-1',
      experimentId: '7',
      name: 'n',
      artifactLocation: 's3://b/m',
    });
    const failure = await failureOf(store.loggedModels!.get('m/../1', io));
    expect(failure.facts).toMatchObject({ kind: 'unsupported', message: 'this server has no logged models' });
    expect(server.seen()).toEqual(['GET logged-models/m-1', 'GET logged-models/m%2F..%2F1']);
  });

  it('registered ones are found by version, alias and stage', async () => {
    const version = (number: string) => ({
      name: 'a b',
      version: number,
      source: 's',
      current_stage: 'None',
    });
    const one = { json: { model_version: version('3') } };
    const many = { json: { model_versions: [version('2'), version('10'), version('9')] } };
    const { store, io } = await serve(one, one, many, many, {}, { json: { artifact_uri: 's3://b/10' } }, {});
    const registry = store.registry!;
    await registry.version('a b', '3', io);
    await registry.byAlias('a b', 'best', io);
    const newest = await registry.byStage('a b', 'LATEST', io);
    expect(newest.version).toBe('10');
    await registry.byStage('a b', 'Production', io);
    expect((await failureOf(registry.byStage('a b', 'Staging', io))).kind).toBe('not-found');
    expect(await registry.downloadUri(newest, io)).toBe('s3://b/10');
    expect(await registry.downloadUri(newest, io)).toBe('s');
    expect(server.seen().slice(0, 6)).toEqual([
      'GET model-versions/get?name=a+b&version=3',
      'GET registered-models/alias?name=a+b&alias=best',
      'POST registered-models/get-latest-versions {"name":"a b"}',
      'POST registered-models/get-latest-versions {"name":"a b","stages":["Production"]}',
      'POST registered-models/get-latest-versions {"name":"a b","stages":["Staging"]}',
      'GET model-versions/get-download-uri?name=a+b&version=10',
    ]);
  });
});

describe('the rest', () => {
  it('traces are linked', async () => {
    const { store, io } = await serve({});
    await store.traces!.link('r', ['tr-1', 'tr-2'], io);
    expect(server.seen()).toEqual(['POST traces/link-to-run {"trace_ids":["tr-1","tr-2"],"run_id":"r"}']);
  });

  it("the server's own listing is read to the end", async () => {
    const files = [
      { path: 'a/b', is_dir: false, file_size: '3' },
      { path: 'a/c', is_dir: true },
    ];
    const { store, io } = await serve({ json: { files, next_page_token: 't' } }, { json: { root_uri: 'x' } });
    expect(await store.serverArtifacts!.list('r', 'a', io)).toEqual([
      { path: 'a/b', isDirectory: false, size: 3 },
      { path: 'a/c', isDirectory: true },
    ]);
    expect(server.seen()).toEqual([
      'GET artifacts/list?run_id=r&path=a',
      'GET artifacts/list?run_id=r&path=a&page_token=t',
    ]);
  });

  it('the store is reached over a network and closes', async () => {
    const { store } = await serve({});
    expect([store.reach, store.label]).toEqual(['network', server.url]);
    await store.close();
  });
});
