import type { Kysely } from 'kysely';
import type { Io } from '../../../core/io.ts';
import type { Candidate, CollectKind, CollectScope } from '../../collect.ts';
import type { Tags } from '../../entities.ts';
import { PAGE_ROWS, type SqlContext } from '../context.ts';
import type { Tables } from '../tables.ts';
import { readTags, TRACE_LOCATION_TAG } from './read-tags.ts';

type Db = Kysely<Tables>;

/** Which rows: those with these ids, or all deleted ones behind a key, a page of them. */
export type Which =
  { readonly ids: readonly string[] } | { readonly after: string; readonly experimentId?: string };

interface Row {
  readonly id: string;
  readonly experimentId: number;
  readonly stage: string | null;
  readonly uri?: string | null;
  readonly time?: number | null;
}

/** Ids of experiments are integers; another text names none. */
export function experimentKeys(ids: readonly string[]): readonly number[] {
  return ids.filter((id) => /^\d{1,15}$/.test(id)).map(Number);
}

/** Whether rows of a kind are kept in this schema. */
export function hasKind({ facts }: SqlContext, kind: CollectKind): boolean {
  if (kind === 'model') return facts.has('logged_models');
  return kind === 'trace' ? facts.has('trace_info') : true;
}

function workspaceOf(context: SqlContext, { workspace }: CollectScope): string | undefined {
  return workspace === 'all' || !context.facts.has('experiments', 'workspace') ? undefined : workspace.name;
}

async function runRows(
  db: Db,
  context: SqlContext,
  scope: CollectScope,
  which: Which,
): Promise<readonly Row[]> {
  const workspace = workspaceOf(context, scope);
  const found = await db
    .selectFrom('runs')
    .innerJoin('experiments', 'experiments.experiment_id', 'runs.experiment_id')
    .select(['runs.run_uuid', 'runs.experiment_id', 'runs.lifecycle_stage', 'runs.artifact_uri'])
    .$if(context.facts.has('runs', 'deleted_time'), (all) => all.select('runs.deleted_time'))
    .$if(workspace !== undefined, (all) => all.where('experiments.workspace', '=', workspace ?? ''))
    .$if('ids' in which, (all) => all.where('runs.run_uuid', 'in', 'ids' in which ? which.ids : []))
    .$if('after' in which, (all) =>
      all
        .where('runs.lifecycle_stage', '=', 'deleted')
        .where('runs.run_uuid', '>', 'after' in which ? which.after : '')
        .orderBy('runs.run_uuid')
        .limit(PAGE_ROWS),
    )
    .execute();
  return found.map((row) => ({
    id: row.run_uuid,
    experimentId: row.experiment_id,
    stage: row.lifecycle_stage,
    uri: row.artifact_uri,
    time: row.deleted_time ?? null,
  }));
}

async function modelRows(
  db: Db,
  context: SqlContext,
  scope: CollectScope,
  which: Which,
): Promise<readonly Row[]> {
  const workspace = workspaceOf(context, scope);
  const found = await db
    .selectFrom('logged_models')
    .innerJoin('experiments', 'experiments.experiment_id', 'logged_models.experiment_id')
    .select([
      'logged_models.model_id',
      'logged_models.experiment_id',
      'logged_models.lifecycle_stage',
      'logged_models.artifact_location',
      'logged_models.last_updated_timestamp_ms',
    ])
    .$if(workspace !== undefined, (all) => all.where('experiments.workspace', '=', workspace ?? ''))
    .$if('ids' in which, (all) => all.where('logged_models.model_id', 'in', 'ids' in which ? which.ids : []))
    .$if('after' in which, (all) =>
      all
        .where('logged_models.lifecycle_stage', '=', 'deleted')
        .where('logged_models.model_id', '>', 'after' in which ? which.after : '')
        .orderBy('logged_models.model_id')
        .limit(PAGE_ROWS),
    )
    .execute();
  return found.map((row) => ({
    id: row.model_id,
    experimentId: row.experiment_id,
    stage: row.lifecycle_stage,
    uri: row.artifact_location,
    time: row.last_updated_timestamp_ms,
  }));
}

async function experimentRows(
  db: Db,
  context: SqlContext,
  scope: CollectScope,
  which: Which,
): Promise<readonly Row[]> {
  const workspace = workspaceOf(context, scope);
  const found = await db
    .selectFrom('experiments')
    .select(['experiment_id', 'lifecycle_stage'])
    .$if(context.facts.has('experiments', 'last_update_time'), (all) => all.select('last_update_time'))
    .$if(workspace !== undefined, (all) => all.where('workspace', '=', workspace ?? ''))
    .$if('ids' in which, (all) =>
      all.where('experiment_id', 'in', experimentKeys('ids' in which ? which.ids : [])),
    )
    .$if('after' in which, (all) =>
      all
        .where('lifecycle_stage', '=', 'deleted')
        .where('experiment_id', '>', Number('after' in which && which.after !== '' ? which.after : -1))
        .orderBy('experiment_id')
        .limit(PAGE_ROWS),
    )
    .execute();
  return found.map((row) => ({
    id: String(row.experiment_id),
    experimentId: row.experiment_id,
    stage: row.lifecycle_stage,
    time: row.last_update_time ?? null,
  }));
}

/** A trace has the stage of its experiment. */
async function traceRows(
  db: Db,
  context: SqlContext,
  scope: CollectScope,
  which: Which,
): Promise<readonly Row[]> {
  const workspace = workspaceOf(context, scope);
  const experiment = 'after' in which ? experimentKeys([which.experimentId ?? ''])[0] : undefined;
  const found = await db
    .selectFrom('trace_info')
    .innerJoin('experiments', 'experiments.experiment_id', 'trace_info.experiment_id')
    .select(['trace_info.request_id', 'trace_info.experiment_id', 'experiments.lifecycle_stage'])
    .$if(context.facts.has('experiments', 'last_update_time'), (all) =>
      all.select('experiments.last_update_time'),
    )
    .$if(workspace !== undefined, (all) => all.where('experiments.workspace', '=', workspace ?? ''))
    .$if('ids' in which, (all) => all.where('trace_info.request_id', 'in', 'ids' in which ? which.ids : []))
    .$if('after' in which, (all) =>
      all
        .where('trace_info.experiment_id', '=', experiment ?? -1)
        .where('trace_info.request_id', '>', 'after' in which ? which.after : '')
        .orderBy('trace_info.request_id')
        .limit(PAGE_ROWS),
    )
    .execute();
  return found.map((row) => ({
    id: row.request_id,
    experimentId: row.experiment_id,
    stage: row.lifecycle_stage,
    time: row.last_update_time ?? null,
  }));
}

const ROWS = { run: runRows, model: modelRows, trace: traceRows, experiment: experimentRows } as const;

function candidate(kind: CollectKind, row: Row, tags: Tags): Candidate {
  const uri = kind === 'trace' ? tags[TRACE_LOCATION_TAG] : row.uri;
  return {
    kind,
    id: row.id,
    experimentId: String(row.experimentId),
    stage: row.stage === 'deleted' ? 'deleted' : 'active',
    ...(uri ? { uri } : {}),
    ...(row.time == null ? {} : { deletedTime: row.time }),
    tags,
  };
}

/** One page of candidates, with the tags asked for. */
export async function readCandidates(
  db: Db,
  context: SqlContext,
  kind: CollectKind,
  scope: CollectScope,
  which: Which,
): Promise<readonly Candidate[]> {
  if ('ids' in which && which.ids.length === 0) return [];
  if ('ids' in which && kind === 'experiment' && experimentKeys(which.ids).length === 0) return [];
  const rows = await ROWS[kind](db, context, scope, which);
  const keys = kind === 'trace' ? [...scope.tagKeys, TRACE_LOCATION_TAG] : scope.tagKeys;
  const ids = rows.map(({ id }) => id);
  const tags = await readTags(db, context.facts, kind, ids, keys);
  return rows.map((row) => candidate(kind, row, tags.get(row.id) ?? {}));
}

/** Pages of all deleted ones. */
export async function* deletedPages(
  context: SqlContext,
  kind: CollectKind,
  scope: CollectScope & { readonly experimentId?: string },
  io: Io,
): AsyncGenerator<readonly Candidate[]> {
  if (!hasKind(context, kind)) return;
  const { experimentId } = scope;
  for (let after = ''; ;) {
    const which = { after, ...(experimentId === undefined ? {} : { experimentId }) };
    const page = await context.sessions.read(io, (db) => readCandidates(db, context, kind, scope, which));
    if (page.length > 0) yield page;
    if (page.length < PAGE_ROWS) return;
    after = page.at(-1)?.id ?? after;
  }
}
