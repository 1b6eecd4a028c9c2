import { basename } from 'node:path';
import { Failure } from '../../core/failure.ts';
import type { RunInfo, RunStatus } from '../entities.ts';
import type { FileContext } from './context.ts';
import type { RunFolder } from './layout.ts';
import { findRunFolder } from './layout.ts';
import type { Meta } from './meta.ts';
import { readMeta } from './meta.ts';

/** MLflow's numbers of statuses (service.proto, RunStatus). */
const STATUSES: readonly RunStatus[] = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'];

/** The number that `meta.yaml` keeps for a status. */
export function statusNumber(status: RunStatus): number {
  return STATUSES.indexOf(status) + 1;
}

function corrupt(meta: Meta, why: string): Failure {
  return new Failure({
    kind: 'corrupt',
    message: `${meta.path} ${why}`,
    subject: meta.path,
    hint: 'restore the file from a backup, or move its folder out of the store',
  });
}

function statusOf(meta: Meta): RunStatus {
  const number = meta.number('status') ?? 1;
  const status = STATUSES[number - 1];
  if (status === undefined) throw corrupt(meta, `holds the unknown status ${number}`);
  return status;
}

/** A run's info from its `meta.yaml`. @throws Failure corrupt naming the file */
export function toRunInfo(meta: Meta, folder: RunFolder): RunInfo {
  const runId = meta.text('run_id') ?? meta.text('run_uuid');
  if (runId !== basename(folder.path)) throw corrupt(meta, `records the run ${runId ?? '(none)'}`);
  if (meta.text('experiment_id') !== folder.experimentId) {
    throw corrupt(meta, `records another experiment than ${folder.experimentId}`);
  }
  const artifactUri = meta.text('artifact_uri');
  if (artifactUri === undefined) throw corrupt(meta, 'holds no artifact_uri');
  const [startTime, endTime, deletedTime] = [
    meta.number('start_time'),
    meta.number('end_time'),
    meta.number('deleted_time'),
  ];
  const [runName, userId] = [meta.text('run_name'), meta.text('user_id')];
  const isDeleted = meta.text('lifecycle_stage') === 'deleted';
  return {
    runId,
    experimentId: folder.experimentId,
    ...(runName ? { runName } : {}),
    ...(userId === undefined ? {} : { userId }),
    status: statusOf(meta),
    ...(startTime === undefined ? {} : { startTime }),
    ...(endTime === undefined ? {} : { endTime }),
    artifactUri,
    lifecycleStage: isDeleted ? 'deleted' : 'active',
    ...(deletedTime === undefined || !isDeleted ? {} : { deletedTime }),
  };
}

/** A run as found on disk. */
export interface FoundRun {
  readonly folder: RunFolder;
  readonly meta: Meta;
  readonly info: RunInfo;
}

/** Finds a run in any experiment, deleted ones included. @throws Failure invalid, not-found, corrupt */
export async function findRun(context: FileContext, runId: string): Promise<FoundRun> {
  const folder = await findRunFolder(context.root, runId);
  if (!folder) {
    throw new Failure({
      kind: 'not-found',
      message: `no run with id ${runId} in ${context.label}`,
      subject: runId,
      hint: 'check the run id and the tracking URI',
    });
  }
  const meta = await readMeta(folder.path, context.clock);
  return { folder, meta, info: toRunInfo(meta, folder) };
}

/** Finds a run that may be changed. @throws Failure invalid when it is deleted, and as `findRun` */
export async function findActiveRun(context: FileContext, runId: string): Promise<FoundRun> {
  const found = await findRun(context, runId);
  if (found.info.lifecycleStage === 'active') return found;
  throw new Failure({
    kind: 'invalid',
    message: `the run ${runId} is deleted`,
    subject: runId,
    hint: `restore it first with: mlstow runs restore --run-id ${runId}`,
  });
}
