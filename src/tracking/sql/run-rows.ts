import type { Kysely, SelectQueryBuilder } from 'kysely';
import { Failure } from '../../core/failure.ts';
import type { LifecycleStage, RunInfo, RunStatus } from '../entities.ts';
import type { SqlContext } from './context.ts';
import { selectExperiments } from './experiment-rows.ts';
import type { RunRow, Tables } from './tables.ts';

/** The columns that a run's info is read from. */
export type RunInfoRow = Pick<
  RunRow,
  | 'run_uuid'
  | 'name'
  | 'user_id'
  | 'status'
  | 'start_time'
  | 'end_time'
  | 'lifecycle_stage'
  | 'artifact_uri'
  | 'experiment_id'
> &
  Partial<Pick<RunRow, 'deleted_time'>>;

/** Those columns, as far as this schema has them. */
export function runColumns({ facts }: SqlContext): (keyof RunInfoRow)[] {
  return [
    'run_uuid',
    'name',
    'user_id',
    'status',
    'start_time',
    'end_time',
    'lifecycle_stage',
    'artifact_uri',
    'experiment_id',
    ...(facts.has('runs', 'deleted_time') ? (['deleted_time'] as const) : []),
  ];
}

/** The runs of our workspace. */
export function selectRuns(
  db: Kysely<Tables>,
  context: SqlContext,
): SelectQueryBuilder<Tables, 'runs', object> {
  const query = db.selectFrom('runs');
  if (!context.facts.has('experiments', 'workspace')) return query;
  return query.where('runs.experiment_id', 'in', selectExperiments(db, context).select('experiment_id'));
}

/** A run's info from its row. */
export function toRunInfo(row: RunInfoRow): RunInfo {
  return {
    runId: row.run_uuid,
    experimentId: String(row.experiment_id),
    ...(row.name ? { runName: row.name } : {}),
    ...(row.user_id == null ? {} : { userId: row.user_id }),
    status: (row.status ?? 'RUNNING') as RunStatus,
    ...(row.start_time == null ? {} : { startTime: row.start_time }),
    ...(row.end_time == null ? {} : { endTime: row.end_time }),
    artifactUri: row.artifact_uri ?? '',
    lifecycleStage: (row.lifecycle_stage ?? 'active') as LifecycleStage,
    ...(row.deleted_time == null ? {} : { deletedTime: row.deleted_time }),
  };
}

/** The row of a run, which with `hold` stays as it is until the transaction ends. @throws Failure not-found */
export async function findRun(
  db: Kysely<Tables>,
  context: SqlContext,
  runId: string,
  hold?: 'own',
): Promise<RunInfoRow> {
  const query = selectRuns(db, context).select(runColumns(context)).where('run_uuid', '=', runId);
  const row = await (hold ? context.sessions.hold(query, hold) : query).executeTakeFirst();
  if (row) return row;
  throw new Failure({
    kind: 'not-found',
    message: `no run with id ${runId} in ${context.sessions.label}`,
    subject: runId,
    hint: 'check the run id and the tracking URI',
  });
}

/** The row of a run that may be changed, held for that. @throws Failure not-found, invalid when it is deleted */
export async function findActiveRun(
  db: Kysely<Tables>,
  context: SqlContext,
  runId: string,
): Promise<RunInfoRow> {
  const row = await findRun(db, context, runId, 'own');
  if (row.lifecycle_stage === 'active') return row;
  throw new Failure({
    kind: 'invalid',
    message: `the run ${runId} is deleted`,
    subject: runId,
    hint: `restore it first with: mlstow runs restore --run-id ${runId}`,
  });
}
