import { Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import type { Run, RunInfo, View } from '../entities.ts';
import type { NewRun, Runs, RunSearch } from '../store.ts';
import type { RestCall, RestClient } from './client.ts';
import { runInfoOf, runOf } from './decode.ts';
import { object } from './fields.ts';
import { pages } from './pages.ts';
import { tagFilter } from './run-filter.ts';

const PAGE = 1_000;
const VIEWS: Readonly<Record<View, string>> = {
  active_only: 'ACTIVE_ONLY',
  deleted_only: 'DELETED_ONLY',
  all: 'ALL',
};

function post(action: string, json: Record<string, unknown>, subject: string): RestCall {
  return { method: 'POST', path: `runs/${action}`, json, subject, repeatable: true };
}

const named = (runId: string) => `run ${runId}`;

async function create(client: RestClient, run: NewRun, io: Io): Promise<RunInfo> {
  const json = {
    experiment_id: run.experimentId,
    user_id: run.userId,
    run_name: run.runName,
    start_time: run.startTime,
    tags: Object.entries(run.tags).map(([key, value]) => ({ key, value })),
  };
  const subject = `a run in experiment ${run.experimentId}`;
  try {
    const answer = await client.call({ ...post('create', json, subject), repeatable: false }, io);
    return runInfoOf(object(object(answer, 'run'), 'info'));
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.effect !== 'unknown') throw thrown;
    const look = `mlstow runs list --experiment-id ${run.experimentId}`;
    throw thrown.with({ retry: 'never', hint: `it may have been created: look with ${look}` });
  }
}

async function get(client: RestClient, runId: string, io: Io): Promise<Run> {
  const query = { run_id: runId };
  const answer = await client.call(
    { method: 'GET', path: 'runs/get', query, subject: named(runId), repeatable: true },
    io,
  );
  return runOf(object(answer, 'run'));
}

async function* search(client: RestClient, wanted: RunSearch, io: Io): AsyncGenerator<readonly Run[]> {
  const { experimentIds, view, tag } = wanted;
  if (experimentIds.length === 0) return;
  const filter = tag === undefined ? undefined : tagFilter(tag.key, tag.value);
  const json = { experiment_ids: experimentIds, filter, run_view_type: VIEWS[view], max_results: PAGE };
  const call = (token: string | undefined) => post('search', { ...json, page_token: token }, 'runs');
  for await (const page of pages(client, call, 'runs', io)) {
    const runs = page.map(runOf).filter((run) => tag === undefined || run.tags[tag.key] === tag.value);
    if (runs.length > 0) yield runs;
  }
}

/** Runs over REST; when a run was deleted is not on the wire. */
export function restRuns(client: RestClient): Runs {
  const done = async (call: RestCall, io: Io): Promise<void> => {
    await client.call(call, io);
  };
  return {
    create: (run, io) => create(client, run, io),
    get: (runId, io) => get(client, runId, io),
    search: (wanted, io) => search(client, wanted, io),
    update: (runId, { status, endTime, runName }, io) =>
      done(post('update', { run_id: runId, status, end_time: endTime, run_name: runName }, named(runId)), io),
    setTag: (runId, key, value, io) => done(post('set-tag', { run_id: runId, key, value }, named(runId)), io),
    delete: (runId, io) => done(post('delete', { run_id: runId }, named(runId)), io),
    restore: (runId, io) => done(post('restore', { run_id: runId }, named(runId)), io),
  };
}
