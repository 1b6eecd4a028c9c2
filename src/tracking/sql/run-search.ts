import type { Io } from '../../core/io.ts';
import type { Run } from '../entities.ts';
import type { RunSearch } from '../store.ts';
import type { SqlContext } from './context.ts';
import { parseExperimentId } from './experiment-rows.ts';
import { completeRuns } from './run-data.ts';
import type { RunInfoRow } from './run-rows.ts';
import { runColumns, selectRuns } from './run-rows.ts';
import type { Kysely } from 'kysely';
import type { Tables } from './tables.ts';

const RUNS_PER_PAGE = 200;
/** Databases bound the parameters of a statement (SQL Server 2,100): more ids than this are filtered here. */
const MOST_IDS = 500;

interface Place {
  readonly time: number;
  readonly id: string;
}

/** The runs after a place, newest start first, then by id; a run without a start time comes last. */
async function readPage(
  db: Kysely<Tables>,
  context: SqlContext,
  search: RunSearch,
  experimentIds: readonly number[],
  after: Place | undefined,
): Promise<readonly RunInfoRow[]> {
  const { tag, view } = search;
  return await selectRuns(db, context)
    .select(runColumns(context))
    .$if(experimentIds.length <= MOST_IDS, (all) => all.where('experiment_id', 'in', experimentIds))
    .$if(view !== 'all', (all) =>
      all.where('lifecycle_stage', '=', view === 'deleted_only' ? 'deleted' : 'active'),
    )
    .$if(tag !== undefined, (all) =>
      all.where(
        'run_uuid',
        'in',
        db
          .selectFrom('tags')
          .select('tags.run_uuid')
          .where('tags.key', '=', tag?.key ?? '')
          .where('tags.value', '=', tag?.value ?? ''),
      ),
    )
    .$if(after !== undefined, (rest) =>
      rest.where((eb) => {
        const time = eb.fn.coalesce('start_time', eb.lit(-1));
        const { time: lastTime, id } = after ?? { time: 0, id: '' };
        return eb.or([eb(time, '<', lastTime), eb.and([eb(time, '=', lastTime), eb('run_uuid', '>', id)])]);
      }),
    )
    .orderBy((eb) => eb.fn.coalesce('start_time', eb.lit(-1)), 'desc')
    .orderBy('run_uuid')
    .limit(RUNS_PER_PAGE)
    .execute();
}

/** Pages to the end, each page read in a transaction of its own. */
export async function* searchRuns(
  context: SqlContext,
  search: RunSearch,
  io: Io,
): AsyncGenerator<readonly Run[]> {
  const experimentIds = search.experimentIds.map(parseExperimentId);
  if (experimentIds.length === 0) return;
  const wanted = new Set(experimentIds);
  let after: Place | undefined;
  for (;;) {
    const place = after;
    const page = await context.sessions.read(io, async (db) => {
      const rows = await readPage(db, context, search, experimentIds, place);
      const runs = await completeRuns(
        db,
        context,
        rows.filter((row) => wanted.has(row.experiment_id)),
      );
      return { runs, rows };
    });
    if (page.runs.length > 0) yield page.runs;
    const last = page.rows.at(-1);
    if (!last || page.rows.length < RUNS_PER_PAGE) return;
    after = { time: last.start_time ?? -1, id: last.run_uuid };
  }
}
