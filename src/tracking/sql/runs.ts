import type { Kysely } from 'kysely';
import { randomUUID } from 'node:crypto';
import { Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import type { RunInfo } from '../entities.ts';
import { requestedRunName, RUN_NAME_TAG, runTagValue } from '../entity-rules.ts';
import { runArtifactUri } from '../locations.ts';
import { randomRunName } from '../run-name.ts';
import type { NewRun, Runs } from '../store.ts';
import { dropAssessmentsOfRuns } from './assessments.ts';
import type { SqlContext } from './context.ts';
import { activeExperiment } from './experiment-rows.ts';
import { completeRuns } from './run-data.ts';
import { findActiveRun, findRun, toRunInfo } from './run-rows.ts';
import { searchRuns } from './run-search.ts';
import type { RunRow, Tables } from './tables.ts';

type Db = Kysely<Tables>;

function newRow(
  run: NewRun,
  place: { readonly experimentId: number; readonly location: string },
  name: string,
): RunRow {
  const runId = randomUUID().replaceAll('-', '');
  return {
    run_uuid: runId,
    name,
    source_type: 'UNKNOWN',
    source_name: '',
    entry_point_name: '',
    user_id: run.userId,
    status: 'RUNNING',
    start_time: run.startTime,
    end_time: null,
    source_version: '',
    lifecycle_stage: 'active',
    artifact_uri: runArtifactUri(place.location, runId),
    experiment_id: place.experimentId,
    deleted_time: null,
  };
}

async function create(context: SqlContext, run: NewRun, io: Io): Promise<RunInfo> {
  context.assertWritable();
  const name = requestedRunName(run.runName, run.tags) ?? randomRunName();
  const tags = Object.entries({ ...run.tags, [RUN_NAME_TAG]: name }).map(
    ([key, value]) => [key, runTagValue(key, value, context.notify)] as const,
  );
  return await context.sessions.write(io, async (db) => {
    const experimentId = await activeExperiment(db, context, run.experimentId, 'share');
    const { artifact_location: location } = await db
      .selectFrom('experiments')
      .select('artifact_location')
      .where('experiment_id', '=', experimentId)
      .executeTakeFirstOrThrow();
    if (!location) throw noLocation(run.experimentId);
    const row = newRow(run, { experimentId, location }, name);
    await db.insertInto('runs').values(row).execute();
    for (const [key, value] of tags) {
      await db.insertInto('tags').values({ key, value, run_uuid: row.run_uuid }).execute();
    }
    return toRunInfo(row);
  });
}

function noLocation(experimentId: string): Failure {
  return new Failure({
    kind: 'corrupt',
    message: `the experiment ${experimentId} has no artifact location`,
    subject: experimentId,
    hint: 'create another experiment with: mlstow experiments create -l URI',
  });
}

async function putTag(db: Db, runId: string, key: string, value: string): Promise<void> {
  await db.deleteFrom('tags').where('run_uuid', '=', runId).where('key', '=', key).execute();
  await db.insertInto('tags').values({ key, value, run_uuid: runId }).execute();
}

async function update(
  context: SqlContext,
  runId: string,
  change: Parameters<Runs['update']>[1],
  io: Io,
): Promise<void> {
  context.assertWritable();
  const { status, endTime, runName } = change;
  const changed: Partial<RunRow> = {
    ...(status === undefined ? {} : { status }),
    ...(endTime === undefined ? {} : { end_time: endTime }),
    ...(runName ? { name: runName } : {}),
  };
  const nameTag = runName ? runTagValue(RUN_NAME_TAG, runName, context.notify) : undefined;
  await context.sessions.write(io, async (db) => {
    await findActiveRun(db, context, runId);
    if (Object.keys(changed).length === 0) return;
    await db.updateTable('runs').set(changed).where('run_uuid', '=', runId).execute();
    if (nameTag !== undefined) await putTag(db, runId, RUN_NAME_TAG, nameTag);
  });
}

async function setTag(
  context: SqlContext,
  runId: string,
  tag: readonly [string, string],
  io: Io,
): Promise<void> {
  context.assertWritable();
  const [key] = tag;
  const value = runTagValue(key, tag[1], context.notify);
  await context.sessions.write(io, async (db) => {
    await findActiveRun(db, context, runId);
    if (key === RUN_NAME_TAG && value !== '') {
      await db.updateTable('runs').set({ name: value }).where('run_uuid', '=', runId).execute();
    }
    await putTag(db, runId, key, value);
  });
}

async function setStage(
  context: SqlContext,
  runId: string,
  stage: 'active' | 'deleted',
  io: Io,
): Promise<void> {
  context.assertWritable();
  const deletedTime = stage === 'deleted' ? context.clock.now() : null;
  await context.sessions.write(io, async (db) => {
    await findRun(db, context, runId);
    if (stage === 'deleted') await dropAssessmentsOfRuns(db, context.facts, { runId });
    await db
      .updateTable('runs')
      .set({ lifecycle_stage: stage, deleted_time: deletedTime })
      .where('run_uuid', '=', runId)
      .execute();
  });
}

/** Runs in a database, with the semantics of MLflow's SqlAlchemyStore. */
export function sqlRuns(context: SqlContext): Runs {
  return {
    create: (run, io) => create(context, run, io),
    get: (runId, io) =>
      context.sessions.read(io, async (db) => {
        const [run] = await completeRuns(db, context, [await findRun(db, context, runId)]);
        if (!run)
          throw new Failure({ kind: 'not-found', message: `no run with id ${runId}`, subject: runId });
        return run;
      }),
    search: (search, io) => searchRuns(context, search, io),
    update: (runId, change, io) => update(context, runId, change, io),
    setTag: (runId, key, value, io) => setTag(context, runId, [key, value], io),
    delete: (runId, io) => setStage(context, runId, 'deleted', io),
    restore: (runId, io) => setStage(context, runId, 'active', io),
  };
}
