import type { Kysely } from 'kysely';
import type { Metric, Run } from '../entities.ts';
import type { SqlContext } from './context.ts';
import { PAGE_ROWS } from './context.ts';
import { readDatasetInputs, readModelLinks } from './run-inputs.ts';
import type { RunInfoRow } from './run-rows.ts';
import { toRunInfo } from './run-rows.ts';
import type { Tables } from './tables.ts';

type Db = Kysely<Tables>;
interface Keyed {
  readonly run_uuid: string;
  readonly key: string;
}

/** Reads rows keyed by run and key, at most `PAGE_ROWS` per statement, grouped by run. */
async function pagedByRun<T extends Keyed>(
  readPage: (after: Keyed) => Promise<readonly T[]>,
): Promise<Map<string, T[]>> {
  const byRun = new Map<string, T[]>();
  let after: Keyed = { run_uuid: '', key: '' };
  for (;;) {
    const rows = await readPage(after);
    for (const row of rows) {
      const known = byRun.get(row.run_uuid);
      if (known) known.push(row);
      else byRun.set(row.run_uuid, [row]);
    }
    after = rows.at(-1) ?? after;
    if (rows.length < PAGE_ROWS) return byRun;
  }
}

function readTags(db: Db, runIds: readonly string[], table: 'tags' | 'params', after: Keyed) {
  return db
    .selectFrom(table)
    .select(['run_uuid', 'key', 'value'])
    .where('run_uuid', 'in', runIds)
    .where((eb) =>
      eb.or([
        eb('run_uuid', '>', after.run_uuid),
        eb.and([eb('run_uuid', '=', after.run_uuid), eb('key', '>', after.key)]),
      ]),
    )
    .orderBy('run_uuid')
    .orderBy('key')
    .limit(PAGE_ROWS)
    .execute();
}

function readMetrics(db: Db, runIds: readonly string[], after: Keyed) {
  return db
    .selectFrom('latest_metrics')
    .select(['run_uuid', 'key', 'value', 'timestamp', 'step', 'is_nan'])
    .where('run_uuid', 'in', runIds)
    .where((eb) =>
      eb.or([
        eb('run_uuid', '>', after.run_uuid),
        eb.and([eb('run_uuid', '=', after.run_uuid), eb('key', '>', after.key)]),
      ]),
    )
    .orderBy('run_uuid')
    .orderBy('key')
    .limit(PAGE_ROWS)
    .execute();
}

/** MLflow stores NaN as 0 with a mark, infinities as the largest doubles (`sanitize_metric_value`). */
function toMetric(row: Tables['latest_metrics']): Metric {
  const { key, value, timestamp, step } = row;
  return { key, value: row.is_nan ? Number.NaN : value, timestamp: timestamp ?? 0, step };
}

function toRecord(rows: readonly { readonly key: string; readonly value: string | null }[] | undefined) {
  return Object.fromEntries((rows ?? []).map(({ key, value }) => [key, value ?? '']));
}

/** Completes rows of `runs` with their tags, parameters, latest metrics, inputs and outputs. */
export async function completeRuns(
  db: Db,
  context: SqlContext,
  rows: readonly RunInfoRow[],
): Promise<readonly Run[]> {
  const ids = rows.map((row) => row.run_uuid);
  if (ids.length === 0) return [];
  const tags = await pagedByRun((after) => readTags(db, ids, 'tags', after));
  const params = await pagedByRun((after) => readTags(db, ids, 'params', after));
  const metrics = context.facts.has('latest_metrics')
    ? await pagedByRun((after) => readMetrics(db, ids, after))
    : new Map<string, never[]>();
  const datasets = await readDatasetInputs(db, context.facts, ids);
  const links = await readModelLinks(db, context.facts, ids);
  return rows.map((row) => ({
    info: toRunInfo(row),
    metrics: (metrics.get(row.run_uuid) ?? []).map(toMetric),
    params: toRecord(params.get(row.run_uuid)),
    tags: toRecord(tags.get(row.run_uuid)),
    datasetInputs: datasets.get(row.run_uuid) ?? [],
    modelInputs: links.inputs.get(row.run_uuid) ?? [],
    modelOutputs: links.outputs.get(row.run_uuid) ?? [],
  }));
}
