import type { Kysely } from 'kysely';
import { Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import type { Experiment, Tags, View } from '../entities.ts';
import {
  assertExperimentName,
  assertExperimentTags,
  assertLocationLength,
  assertTagKey,
  noExperimentTag,
} from '../entity-rules.ts';
import { absoluteIfLocal, experimentLocation } from '../locations.ts';
import type { Experiments, NewExperiment } from '../store.ts';
import { dropAssessmentsOfRuns } from './assessments.ts';
import type { SqlContext } from './context.ts';
import {
  activeExperiment,
  nameTaken,
  noExperiment,
  parseExperimentId,
  selectExperiments,
} from './experiment-rows.ts';
import { readExperiment, searchExperiments } from './experiment-reading.ts';
import type { Tables } from './tables.ts';
import { workspaceRoot } from './workspaces.ts';

type Db = Kysely<Tables>;

async function insertTags(db: Db, experimentId: number, tags: Tags): Promise<void> {
  const rows = Object.entries(tags).map(([key, value]) => ({ key, value, experiment_id: experimentId }));
  for (const row of rows) await db.insertInto('experiment_tags').values(row).execute();
}

async function insertExperiment(
  db: Db,
  context: SqlContext,
  name: string,
  artifactLocation: string | undefined,
): Promise<number> {
  const { facts, workspace, clock } = context;
  const now = clock.now();
  await db
    .insertInto('experiments')
    .values({
      name,
      lifecycle_stage: 'active',
      creation_time: now,
      last_update_time: now,
      ...(artifactLocation === undefined ? {} : { artifact_location: artifactLocation }),
      ...(facts.has('experiments', 'workspace') ? { workspace } : {}),
    } as Tables['experiments'])
    .execute();
  const row = await selectExperiments(db, context)
    .select('experiment_id')
    .where('name', '=', name)
    .executeTakeFirstOrThrow();
  return row.experiment_id;
}

async function create(context: SqlContext, wanted: NewExperiment, io: Io): Promise<string> {
  context.assertWritable();
  assertExperimentName(wanted.name);
  assertExperimentTags(wanted.tags);
  if (wanted.traceArchivalRetention !== undefined) throw noRetention();
  const artifactLocation =
    wanted.artifactLocation === undefined ? undefined : absoluteIfLocal(wanted.artifactLocation, context.cwd);
  if (artifactLocation !== undefined) assertLocationLength(artifactLocation);
  return await context.sessions.write(io, async (db) => {
    const held = await selectExperiments(db, context)
      .select(['experiment_id', 'lifecycle_stage'])
      .where('name', '=', wanted.name)
      .executeTakeFirst();
    if (held) throw nameTaken(wanted.name, held);
    const id = await insertExperiment(db, context, wanted.name, artifactLocation);
    if (artifactLocation === undefined) {
      const location = experimentLocation(await workspaceRoot(db, context), String(id));
      await db
        .updateTable('experiments')
        .set({ artifact_location: location })
        .where('experiment_id', '=', id)
        .execute();
    }
    await insertTags(db, id, wanted.tags);
    return String(id);
  });
}

function noRetention(): Failure {
  return new Failure({
    kind: 'unsupported',
    message: 'a database does not keep the retention of trace archives',
    subject: 'trace archival retention',
    hint: 'leave --trace-archival-retention out, or create the experiment through an MLflow server of 3.x',
  });
}

async function setStage(context: SqlContext, id: string, stage: 'active' | 'deleted', io: Io): Promise<void> {
  context.assertWritable();
  const now = context.clock.now();
  await context.sessions.write(io, async (db) => {
    const before = stage === 'active' ? 'deleted' : 'active';
    const found = await selectExperiments(db, context)
      .select('experiment_id')
      .where('experiment_id', '=', parseExperimentId(id))
      .where('lifecycle_stage', '=', before)
      .executeTakeFirst();
    if (!found) throw noExperiment(id, context, before);
    const { experiment_id: experimentId } = found;
    await db
      .updateTable('experiments')
      .set({ lifecycle_stage: stage, last_update_time: now })
      .where('experiment_id', '=', experimentId)
      .execute();
    if (stage === 'deleted') await dropAssessmentsOfRuns(db, context.facts, { experimentId });
    await db
      .updateTable('runs')
      .set({ lifecycle_stage: stage, deleted_time: stage === 'deleted' ? now : null })
      .where('experiment_id', '=', experimentId)
      // A run that was deleted before keeps the time of its own deletion.
      .where('lifecycle_stage', '=', before)
      .execute();
  });
}

async function rename(context: SqlContext, id: string, name: string, io: Io): Promise<void> {
  context.assertWritable();
  assertExperimentName(name);
  await context.sessions.write(io, async (db) => {
    const experimentId = await activeExperiment(db, context, id, 'own');
    const held = await selectExperiments(db, context)
      .select(['experiment_id', 'lifecycle_stage'])
      .where('name', '=', name)
      .executeTakeFirst();
    if (held && held.experiment_id !== experimentId) throw nameTaken(name, held);
    await db
      .updateTable('experiments')
      .set({ name, last_update_time: context.clock.now() })
      .where('experiment_id', '=', experimentId)
      .execute();
  });
}

async function setTag(
  context: SqlContext,
  id: string,
  tag: readonly [string, string],
  io: Io,
): Promise<void> {
  context.assertWritable();
  const [key, value] = tag;
  assertTagKey(key);
  assertExperimentTags({ [key]: value });
  await context.sessions.write(io, async (db) => {
    const experimentId = await activeExperiment(db, context, id, 'own');
    await db
      .deleteFrom('experiment_tags')
      .where('experiment_id', '=', experimentId)
      .where('key', '=', key)
      .execute();
    await insertTags(db, experimentId, { [key]: value });
  });
}

async function deleteTag(context: SqlContext, id: string, key: string, io: Io): Promise<void> {
  context.assertWritable();
  await context.sessions.write(io, async (db) => {
    const experimentId = await activeExperiment(db, context, id, 'own');
    const { numDeletedRows } = await db
      .deleteFrom('experiment_tags')
      .where('experiment_id', '=', experimentId)
      .where('key', '=', key)
      .executeTakeFirst();
    if (numDeletedRows === 0n) throw noExperimentTag(id, key);
  });
}

/** Experiments in a database, with the semantics of MLflow's SqlAlchemyStore. */
export function sqlExperiments(context: SqlContext): Experiments {
  return {
    create: (experiment, io) => create(context, experiment, io),
    get: async (id, io): Promise<Experiment> => {
      const found = await readExperiment(context, { id: parseExperimentId(id) }, io);
      if (!found) throw noExperiment(id, context);
      return found;
    },
    findByName: (name, io) => readExperiment(context, { name }, io),
    search: (options: { readonly view: View; readonly maxResults?: number }, io) =>
      searchExperiments(context, options, io),
    delete: (id, io) => setStage(context, id, 'deleted', io),
    restore: (id, io) => setStage(context, id, 'active', io),
    update: async (id, change, io) => {
      if (change.name !== undefined) await rename(context, id, change.name, io);
    },
    setTag: (id, key, value, io) => setTag(context, id, [key, value], io),
    deleteTag: (id, key, io) => deleteTag(context, id, key, io),
  };
}
