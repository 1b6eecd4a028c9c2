import { randomUUID } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../core/failure.ts';
import type { Run, RunInfo } from '../entities.ts';
import { requestedRunName, RUN_NAME_TAG, runTagValue } from '../entity-rules.ts';
import { runArtifactUri } from '../locations.ts';
import { randomRunName } from '../run-name.ts';
import type { NewRun, Runs } from '../store.ts';
import type { FileContext } from './context.ts';
import { readExperiment } from './experiment-reading.ts';
import { activeFolder } from './experiments.ts';
import { forEachFew, writeKeyFile } from './key-files.ts';
import { fileFailure } from './layout.ts';
import { changeMeta, writeNewMeta } from './meta.ts';
import { completeRun } from './run-data.ts';
import { findActiveRun, findRun, statusNumber } from './run-info.ts';
import { searchRuns } from './run-search.ts';

async function makeFolders(folder: string): Promise<void> {
  for (const name of ['metrics', 'params', 'artifacts', 'tags']) {
    await mkdir(join(folder, name), { recursive: true }).catch((thrown: unknown) => {
      throw fileFailure(thrown, folder);
    });
  }
}

/** Fills a run's folder; `meta.yaml` comes last and makes it a run. */
async function create(context: FileContext, run: NewRun): Promise<RunInfo> {
  context.assertWritable();
  const runName = requestedRunName(run.runName, run.tags) ?? randomRunName();
  const tags = Object.entries({ ...run.tags, [RUN_NAME_TAG]: runName }).map(
    ([key, value]) => [key, runTagValue(key, value, context.notify)] as const,
  );
  const experiment = await activeFolder(context, run.experimentId);
  const { artifactLocation } = await readExperiment(context, experiment);
  const runId = randomUUID().replaceAll('-', '');
  const folder = join(experiment.path, runId);
  const artifactUri = runArtifactUri(artifactLocation, runId);
  await makeFolders(folder);
  await forEachFew(tags, ([key, value]) => writeKeyFile(folder, 'tags', key, value));
  await writeNewMeta(
    folder,
    {
      artifact_uri: artifactUri,
      deleted_time: null,
      end_time: null,
      entry_point_name: '',
      experiment_id: experiment.id,
      lifecycle_stage: 'active',
      run_id: runId,
      run_name: runName,
      source_name: '',
      source_type: 4,
      source_version: '',
      start_time: run.startTime,
      status: statusNumber('RUNNING'),
      user_id: run.userId,
    },
    ['tags'],
  );
  return {
    runId,
    experimentId: experiment.id,
    runName,
    userId: run.userId,
    status: 'RUNNING',
    startTime: run.startTime,
    artifactUri,
    lifecycleStage: 'active',
  };
}

async function get(context: FileContext, runId: string): Promise<Run> {
  const { folder, info } = await findRun(context, runId);
  return await completeRun(context, folder.path, info);
}

async function update(
  context: FileContext,
  runId: string,
  change: Parameters<Runs['update']>[1],
): Promise<void> {
  context.assertWritable();
  const { status, endTime, runName } = change;
  const { meta, folder } = await findActiveRun(context, runId);
  if (runName) {
    const value = runTagValue(RUN_NAME_TAG, runName, context.notify);
    await writeKeyFile(folder.path, 'tags', RUN_NAME_TAG, value);
  }
  await changeMeta(meta, {
    ...(status === undefined ? {} : { status: statusNumber(status) }),
    ...(endTime === undefined ? {} : { end_time: endTime }),
    ...(runName ? { run_name: runName } : {}),
  });
}

async function setTag(context: FileContext, runId: string, key: string, value: string): Promise<void> {
  context.assertWritable();
  const stored = runTagValue(key, value, context.notify);
  const { meta, folder } = await findActiveRun(context, runId);
  await writeKeyFile(folder.path, 'tags', key, stored);
  if (key === RUN_NAME_TAG && stored !== '') await changeMeta(meta, { run_name: stored });
}

async function setStage(context: FileContext, runId: string, stage: 'active' | 'deleted'): Promise<void> {
  context.assertWritable();
  const { meta } = await findRun(context, runId);
  const deletedTime = stage === 'deleted' ? context.clock.now() : null;
  await changeMeta(meta, { lifecycle_stage: stage, deleted_time: deletedTime });
}

/** A signal that aborted ends the work before it starts; the file store's steps are short. */
function assertGoing(signal: AbortSignal, subject: string): void {
  if (signal.aborted) throw new Failure({ kind: 'cancelled', message: 'stopped on request', subject });
}

/** Runs in folders, with the semantics of MLflow's FileStore. */
export function fileRuns(context: FileContext): Runs {
  const going = async <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> => {
    assertGoing(signal, context.label);
    return await work();
  };
  return {
    create: (run, io) => going(io.signal, () => create(context, run)),
    get: (runId, io) => going(io.signal, () => get(context, runId)),
    search: (search, io) => searchRuns(context, search, io),
    update: (runId, change, io) => going(io.signal, () => update(context, runId, change)),
    setTag: (runId, key, value, io) => going(io.signal, () => setTag(context, runId, key, value)),
    delete: (runId, io) => going(io.signal, () => setStage(context, runId, 'deleted')),
    restore: (runId, io) => going(io.signal, () => setStage(context, runId, 'active')),
  };
}
