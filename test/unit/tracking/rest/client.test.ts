import { afterEach, describe, expect, it } from 'vitest';
import type { TrackingStore } from '../../../../src/tracking/store.ts';
import { failureOf, startServer, type Reply, type Server } from './server.ts';

const open: Server[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await server.stop();
});

async function serve(...replies: Parameters<typeof startServer>): Promise<Server> {
  const server = await startServer(...replies);
  open.push(server);
  return server;
}

const experiment = { experiment: { experiment_id: '7', name: 'n', lifecycle_stage: 'active' } };
const newRun = { experimentId: '7', userId: 'u', startTime: 1, tags: {} };

type Act = (store: TrackingStore, server: Server) => Promise<unknown>;
const createExperiment: Act = (store, { io }) => store.experiments.create({ name: 'n', tags: {} }, io);
const createRun: Act = (store, { io }) => store.runs.create(newRun, io);
const get: Act = (store, { io }) => store.experiments.get('7', io);

describe('retries', () => {
  it('wait as urllib3 does, tell each one and end exhausted', async () => {
    const server = await serve({ status: 503, text: '<title>503 Down</title>' });
    const failure = await failureOf(get(server.store(), server));
    const reason = `the tracking server ${new URL(server.url).host} answered 503: 503 Down`;
    expect(failure.facts).toMatchObject({ kind: 'unavailable', retry: 'exhausted', message: reason });
    expect(server.requests).toHaveLength(8);
    expect(server.clock.slept).toEqual([0, 4_000, 8_000, 16_000, 32_000, 64_000, 120_000]);
    expect(server.events).toHaveLength(7);
    expect(server.events[1]).toEqual([
      'retry',
      { subject: 'experiment 7', retry: 2, of: 7, waitMs: 4_000, reason },
    ]);
  });

  it('obey Retry-After', async () => {
    const server = await serve({ status: 429, headers: { 'retry-after': '3' } }, { json: experiment });
    await get(server.store(), server);
    expect(server.clock.slept).toEqual([3_000]);
  });

  it.each<[string, Reply]>([
    ['a 404', { status: 404, json: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'no' } }],
    ['a wrong path', { status: 404, text: '<title>404</title>' }],
    ['a conflict', { status: 500, json: { error_code: 'INVALID_STATE', message: 'no' } }],
    ['a login page', { text: '<html><title>Sign in</title>', headers: { 'content-type': 'text/html' } }],
  ])('are never made after %s', async (_, reply) => {
    const server = await serve(reply);
    await failureOf(get(server.store(), server));
    expect(server.requests).toHaveLength(1);
  });

  it.each<[string, Act]>([
    [
      'experiments.search',
      (s, { io }) => s.experiments.search({ view: 'all' }, io)[Symbol.asyncIterator]().next(),
    ],
    ['experiments.setTag', (s, { io }) => s.experiments.setTag('7', 'k', 'v', io)],
    ['experiments.update', (s, { io }) => s.experiments.update('7', { name: 'x' }, io)],
    ['runs.update', (s, { io }) => s.runs.update('r', { status: 'FINISHED' }, io)],
    ['runs.setTag', (s, { io }) => s.runs.setTag('r', 'k', 'v', io)],
    ['runs.delete', (s, { io }) => s.runs.delete('r', io)],
    ['runs.restore', (s, { io }) => s.runs.restore('r', io)],
  ])('repeat %s, which is idempotent', async (_, act) => {
    const server = await serve({ status: 500, text: 'oops' }, { reset: true }, {});
    await act(server.store(), server);
    expect(server.requests).toHaveLength(3);
  });

  it.each<[string, Act, Reply]>([
    ['a new experiment after 500', createExperiment, { status: 500, text: 'oops' }],
    ['a new experiment after a reset', createExperiment, { reset: true }],
    ['a new run after 502', createRun, { status: 502, text: 'oops' }],
    ['a new run after a reset', createRun, { reset: true }],
  ])('are never made for %s: it may exist', async (_, act, reply) => {
    const server = await serve(reply);
    const failure = await failureOf(act(server.store(), server));
    expect(failure.facts).toMatchObject({ kind: 'unavailable', effect: 'unknown', retry: 'never' });
    expect(failure.facts.hint).toContain('it may have been created: look with mlstow');
    expect(server.requests).toHaveLength(1);
  });

  it.each<[string, Act, unknown]>([
    ['experiment', createExperiment, { experiment_id: '7' }],
    ['run', createRun, { run: { info: { run_id: 'r' } } }],
  ])('are made for a new %s that cannot exist yet', async (_, act, json) => {
    const server = await serve({ status: 429, text: 'slow down' }, { status: 408, text: '' }, { json });
    await act(server.store(), server);
    expect(server.requests).toHaveLength(3);
  });

  it('are made when nothing listens', async () => {
    const server = await serve({});
    const uri = server.url;
    await server.stop();
    open.pop();
    const failure = await failureOf(createExperiment(server.store({ uri }), server));
    expect(failure.facts).toMatchObject({ kind: 'unavailable', retry: 'exhausted', effect: 'none' });
    expect(server.clock.slept).toHaveLength(7);
  });

  it.each(['delete', 'restore'] as const)('settle a %s whose answer was lost', async (action) => {
    const gone = { status: 404, json: { error_code: 'RESOURCE_DOES_NOT_EXIST', message: 'no' } };
    const stage = action === 'delete' ? 'deleted' : 'active';
    const found = { json: { experiment: { ...experiment.experiment, lifecycle_stage: stage } } };
    const lost = await serve({ reset: true }, gone, found);
    await lost.store().experiments[action]('7', lost.io);
    expect(lost.seen().map((line) => line.split(' ')[1])).toEqual([
      `experiments/${action}`,
      `experiments/${action}`,
      'experiments/get?experiment_id=7',
    ]);
    const never = await serve(gone, found);
    expect((await failureOf(never.store().experiments[action]('7', never.io))).kind).toBe('not-found');
  });
});

describe('credentials', () => {
  const credentials = { token: 'secret-token' };
  const elsewhere: Reply = { json: experiment };

  it('never follow a redirect to another listener', async () => {
    const to = await serve(elsewhere);
    const from = await serve({
      status: 302,
      headers: { location: `${to.url}/api/2.0/mlflow/experiments/get` },
    });
    await get(from.store({ credentials, workspace: 'w' }), from);
    expect(from.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer secret-token',
      'x-mlflow-workspace': 'w',
    });
    expect(to.requests).toHaveLength(1);
    expect(JSON.stringify(to.requests[0]?.headers)).not.toContain('secret-token');
    expect(to.requests[0]?.headers).not.toHaveProperty('x-mlflow-workspace');
  });

  it('follow to the same origin and to a trusted host', async () => {
    const to = await serve(elsewhere);
    const trustedHosts = [new URL(to.url).host];
    const from = await serve(
      { status: 307, headers: { location: '/moved' } },
      { status: 307, headers: { location: to.url } },
    );
    await get(from.store({ credentials, trustedHosts }), from);
    const sent = [...from.requests, ...to.requests].map((request) => request.headers.authorization);
    expect(sent).toEqual(['Bearer secret-token', 'Bearer secret-token', 'Bearer secret-token']);
  });

  it('that are refused after a redirect are explained', async () => {
    const to = await serve({ status: 401, text: 'who are you?' });
    const from = await serve({ status: 302, headers: { location: to.url } });
    const failure = await failureOf(get(from.store({ credentials }), from));
    expect(failure.kind).toBe('unauthenticated');
    expect(failure.facts.hint).toContain(to.url);
  });

  it('in the URI are sent as Basic and never shown', async () => {
    const server = await serve({ status: 401, text: 'no' });
    const uri = server.url.replace('//', '//user:hunter2@');
    const store = server.store({ uri });
    const failure = await failureOf(get(store, server));
    const basic = Buffer.from('user:hunter2').toString('base64');
    expect(server.requests[0]?.headers.authorization).toBe(`Basic ${basic}`);
    expect(JSON.stringify([failure.facts, server.events, store.label])).not.toMatch(
      /hunter2|dXNlcjpodW50ZXIy/,
    );
  });
});

describe('redirects', () => {
  it('are not followed when that is switched off, nor by a POST', async () => {
    const to = await serve({ json: experiment });
    const location = `${to.url}/api/2.0/mlflow/experiments/get`;
    const from = await serve({ status: 302, headers: { location } });
    const off = await failureOf(get(from.store({ allowRedirects: false }), from));
    expect(off.facts).toMatchObject({ kind: 'misconfigured', hint: `set MLFLOW_TRACKING_URI to ${to.url}` });
    const posted = await failureOf(createExperiment(from.store(), from));
    expect(posted.kind).toBe('unauthenticated');
    expect(to.requests).toEqual([]);
  });

  it('of a POST are followed on 307 with its body', async () => {
    const to = await serve({ json: { experiment_id: '7' } });
    const from = await serve({ status: 307, headers: { location: `${to.url}/elsewhere` } });
    expect(await createExperiment(from.store(), from)).toBe('7');
    expect(to.requests[0]).toMatchObject({ method: 'POST', headers: { 'content-type': 'application/json' } });
    expect(to.requests[0]?.body.toString()).toBe('{"name":"n"}');
  });
});

describe('answers', () => {
  it('keep the path of the tracking URI', async () => {
    const server = await serve({ json: experiment });
    await get(server.store({ uri: `${server.url}/team/mlflow/` }), server);
    expect(server.requests[0]?.url).toBe('/team/mlflow/api/2.0/mlflow/experiments/get?experiment_id=7');
  });

  it('that are empty, or "200 OK", are fine; those without the wanted member are corrupt', async () => {
    const server = await serve({ text: '' }, { text: '200 OK' }, { text: '{}' }, { text: '[1]' });
    const store = server.store();
    await store.runs.delete('r', server.io);
    await store.runs.delete('r', server.io);
    expect((await failureOf(get(store, server))).kind).toBe('corrupt');
    expect((await failureOf(get(store, server))).kind).toBe('corrupt');
  });

  it('that never come are a timeout, and a stop is a cancel', async () => {
    const server = await serve({ json: experiment });
    const aborted = AbortSignal.abort();
    const failure = await failureOf(server.store().experiments.get('7', { signal: aborted }));
    expect(failure.kind).toBe('cancelled');
    expect(server.requests).toEqual([]);
  });
});
