import { Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import type { Experiment, LifecycleStage, View } from '../entities.ts';
import type { Experiments, NewExperiment } from '../store.ts';
import type { RestCall, RestClient } from './client.ts';
import { experimentOf } from './decode.ts';
import { object, required } from './fields.ts';
import { pages } from './pages.ts';

const PAGE = 1_000;
const VIEWS: Readonly<Record<View, string>> = {
  active_only: 'ACTIVE_ONLY',
  deleted_only: 'DELETED_ONLY',
  all: 'ALL',
};

/** The tag by which MLflow's own command records `--trace-archival-retention` (mlflow/experiments.py). */
const RETENTION_TAG = 'mlflow.trace.archivalRetention';

function post(action: string, json: Record<string, unknown>, subject: string): RestCall {
  return { method: 'POST', path: `experiments/${action}`, json, subject, repeatable: true };
}

const named = (experimentId: string) => `experiment ${experimentId}`;

function tagsOf({ tags, traceArchivalRetention }: NewExperiment): { key: string; value: string }[] {
  const all = Object.entries(tags).map(([key, value]) => ({ key, value }));
  if (traceArchivalRetention === undefined) return all;
  const value = `{"type": "duration", "value": ${JSON.stringify(traceArchivalRetention)}}`;
  return [...all, { key: RETENTION_TAG, value }];
}

function creationFailure(failure: Failure, name: string): Failure {
  const look = `mlstow experiments get --experiment-name '${name}'`;
  if (failure.kind === 'exists') {
    return failure.with({
      message: `an experiment named '${name}' exists already`,
      hint: `${look} shows it; a deleted one holds its name too`,
    });
  }
  if (failure.effect === 'unknown') {
    return failure.with({ retry: 'never', hint: `it may have been created: look with ${look}` });
  }
  return failure;
}

async function create(client: RestClient, experiment: NewExperiment, io: Io): Promise<string> {
  const { name, artifactLocation } = experiment;
  const tags = tagsOf(experiment);
  const json = { name, artifact_location: artifactLocation, tags: tags.length === 0 ? undefined : tags };
  const subject = `experiment '${name}'`;
  try {
    const answer = await client.call({ ...post('create', json, subject), repeatable: false }, io);
    return required(answer, 'experiment_id', subject);
  } catch (thrown) {
    throw thrown instanceof Failure ? creationFailure(thrown, name) : thrown;
  }
}

async function get(client: RestClient, experimentId: string, io: Io): Promise<Experiment> {
  const answer = await client.call(
    {
      method: 'GET',
      path: 'experiments/get',
      query: { experiment_id: experimentId },
      subject: named(experimentId),
      repeatable: true,
    },
    io,
  );
  return experimentOf(object(answer, 'experiment'));
}

async function findByName(client: RestClient, name: string, io: Io): Promise<Experiment | undefined> {
  const query = { experiment_name: name };
  const subject = `experiment '${name}'`;
  try {
    const answer = await client.call(
      { method: 'GET', path: 'experiments/get-by-name', query, subject, repeatable: true },
      io,
    );
    return experimentOf(object(answer, 'experiment'));
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.kind === 'not-found') return undefined;
    throw thrown;
  }
}

async function* search(
  client: RestClient,
  options: { readonly view: View; readonly maxResults?: number },
  io: Io,
): AsyncGenerator<readonly Experiment[]> {
  let left = options.maxResults ?? Infinity;
  const call = (token: string | undefined): RestCall | undefined => {
    if (left <= 0) return undefined;
    const json = { max_results: Math.min(PAGE, left), page_token: token, view_type: VIEWS[options.view] };
    return post('search', json, 'experiments');
  };
  for await (const page of pages(client, call, 'experiments', io)) {
    const experiments = page.slice(0, left).map(experimentOf);
    left -= experiments.length;
    if (experiments.length > 0) yield experiments;
  }
}

/** Deletes or restores; the server answers 404 to a second try, so a doubtful first one is settled by looking. */
async function move(
  client: RestClient,
  experimentId: string,
  action: 'delete' | 'restore',
  io: Io,
): Promise<void> {
  const wanted: LifecycleStage = action === 'delete' ? 'deleted' : 'active';
  const settled = async () => (await get(client, experimentId, io)).lifecycleStage === wanted;
  await client.call({ ...post(action, { experiment_id: experimentId }, named(experimentId)), settled }, io);
}

/** MLflow answers a name that is taken with the database's error as BAD_REQUEST. */
async function rename(client: RestClient, experimentId: string, name: string, io: Io): Promise<void> {
  try {
    await client.call(
      post('update', { experiment_id: experimentId, new_name: name }, named(experimentId)),
      io,
    );
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.facts.vendor?.code !== 'BAD_REQUEST') throw thrown;
    const holder = await findByName(client, name, io);
    if (holder === undefined || holder.experimentId === experimentId) throw thrown;
    throw creationFailure(thrown.with({ kind: 'exists' }), name);
  }
}

/** Experiments over REST; times are those of the server. */
export function restExperiments(client: RestClient): Experiments {
  const done = async (call: RestCall, io: Io): Promise<void> => {
    await client.call(call, io);
  };
  return {
    create: (experiment, io) => create(client, experiment, io),
    get: (experimentId, io) => get(client, experimentId, io),
    findByName: (name, io) => findByName(client, name, io),
    search: (options, io) => search(client, options, io),
    delete: (experimentId, io) => move(client, experimentId, 'delete', io),
    restore: (experimentId, io) => move(client, experimentId, 'restore', io),
    update: async (experimentId, { name }, io) => {
      if (name !== undefined) await rename(client, experimentId, name, io);
    },
    setTag: (experimentId, key, value, io) =>
      done(post('set-experiment-tag', { experiment_id: experimentId, key, value }, named(experimentId)), io),
    deleteTag: (experimentId, key, io) =>
      done(post('delete-experiment-tag', { experiment_id: experimentId, key }, named(experimentId)), io),
  };
}
