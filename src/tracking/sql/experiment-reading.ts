import type { Kysely } from 'kysely';
import type { Io } from '../../core/io.ts';
import type { Experiment, LifecycleStage, View } from '../entities.ts';
import type { SqlContext } from './context.ts';
import { PAGE_ROWS } from './context.ts';
import { selectExperiments } from './experiment-rows.ts';
import type { Tables } from './tables.ts';

type Db = Kysely<Tables>;
interface Row {
  readonly experiment_id: number;
  readonly name: string;
  readonly artifact_location: string | null;
  readonly lifecycle_stage: string;
  readonly creation_time?: number | null;
  readonly last_update_time?: number | null;
  readonly workspace?: string;
}

const EXPERIMENTS_PER_PAGE = 200;

function columns({ facts }: SqlContext): (keyof Tables['experiments'])[] {
  const optional = (['creation_time', 'last_update_time', 'workspace'] as const).filter((column) =>
    facts.has('experiments', column),
  );
  return ['experiment_id', 'name', 'artifact_location', 'lifecycle_stage', ...optional];
}

function toExperiment(row: Row, tags: Readonly<Record<string, string>>): Experiment {
  return {
    experimentId: String(row.experiment_id),
    name: row.name,
    artifactLocation: row.artifact_location ?? '',
    lifecycleStage: row.lifecycle_stage as LifecycleStage,
    ...(row.creation_time == null ? {} : { creationTime: row.creation_time }),
    ...(row.last_update_time == null ? {} : { lastUpdateTime: row.last_update_time }),
    ...(row.workspace === undefined ? {} : { workspace: row.workspace }),
    tags,
  };
}

async function readTags(
  db: Db,
  { facts }: SqlContext,
  ids: readonly number[],
): Promise<Map<number, Record<string, string>>> {
  const byId = new Map<number, Record<string, string>>(ids.map((id) => [id, {}]));
  if (!facts.has('experiment_tags') || ids.length === 0) return byId;
  let last: { experiment_id: number; key: string } | undefined;
  for (;;) {
    const after = last;
    const rows = await db
      .selectFrom('experiment_tags')
      .select(['experiment_id', 'key', 'value'])
      .where('experiment_id', 'in', ids)
      .$if(after !== undefined, (query) =>
        query.where((eb) =>
          eb.or([
            eb('experiment_id', '>', after?.experiment_id ?? 0),
            eb.and([eb('experiment_id', '=', after?.experiment_id ?? 0), eb('key', '>', after?.key ?? '')]),
          ]),
        ),
      )
      .orderBy('experiment_id')
      .orderBy('key')
      .limit(PAGE_ROWS)
      .execute();
    for (const { experiment_id: id, key, value } of rows) (byId.get(id) ?? {})[key] = value ?? '';
    last = rows.at(-1);
    if (rows.length < PAGE_ROWS) return byId;
  }
}

/** One experiment by id or name, also a deleted one. */
export async function readExperiment(
  context: SqlContext,
  by: { readonly id: number } | { readonly name: string },
  io: Io,
): Promise<Experiment | undefined> {
  return await context.sessions.read(io, async (db) => {
    const all = selectExperiments(db, context).select(columns(context));
    const row: Row | undefined = await (
      'id' in by ? all.where('experiment_id', '=', by.id) : all.where('name', '=', by.name)
    ).executeTakeFirst();
    if (!row) return undefined;
    const tags = await readTags(db, context, [row.experiment_id]);
    return toExperiment(row, tags.get(row.experiment_id) ?? {});
  });
}

interface Place {
  readonly time: number;
  readonly id: number;
}

/** Experiments after a place in MLflow's default order: newest first, then by id; those without a time come last. */
async function readPage(
  db: Db,
  context: SqlContext,
  page: { readonly view: View; readonly after: Place | undefined; readonly limit: number },
): Promise<readonly Row[]> {
  const { after, view } = page;
  const timed = context.facts.has('experiments', 'creation_time');
  const query = selectExperiments(db, context)
    .select(columns(context))
    .$if(view !== 'all', (all) =>
      all.where('lifecycle_stage', '=', view === 'deleted_only' ? 'deleted' : 'active'),
    )
    .limit(page.limit);
  if (!timed) {
    return await query
      .$if(after !== undefined, (rest) => rest.where('experiment_id', '>', after?.id ?? 0))
      .orderBy('experiment_id')
      .execute();
  }
  return await query
    .$if(after !== undefined, (rest) =>
      rest.where((eb) => {
        const time = eb.fn.coalesce('creation_time', eb.lit(-1));
        const { time: lastTime, id } = after ?? { time: 0, id: 0 };
        return eb.or([
          eb(time, '<', lastTime),
          eb.and([eb(time, '=', lastTime), eb('experiment_id', '>', id)]),
        ]);
      }),
    )
    .orderBy((eb) => eb.fn.coalesce('creation_time', eb.lit(-1)), 'desc')
    .orderBy('experiment_id')
    .execute();
}

/** Pages to the end, each page read in a transaction of its own. */
export async function* searchExperiments(
  context: SqlContext,
  options: { readonly view: View; readonly maxResults?: number },
  io: Io,
): AsyncGenerator<readonly Experiment[]> {
  let wanted = options.maxResults ?? Number.POSITIVE_INFINITY;
  let after: Place | undefined;
  while (wanted > 0) {
    const limit = Math.min(EXPERIMENTS_PER_PAGE, wanted);
    const page = { view: options.view, after, limit };
    const found = await context.sessions.read(io, async (db) => {
      const rows = await readPage(db, context, page);
      const tags = await readTags(
        db,
        context,
        rows.map((row) => row.experiment_id),
      );
      return rows.map((row) => ({ row, experiment: toExperiment(row, tags.get(row.experiment_id) ?? {}) }));
    });
    if (found.length > 0) yield found.map(({ experiment }) => experiment);
    const last = found.at(-1)?.row;
    if (!last || found.length < limit) return;
    after = { time: last.creation_time ?? -1, id: last.experiment_id };
    wanted -= found.length;
  }
}
