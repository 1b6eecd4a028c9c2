import type { Kysely } from 'kysely';
import type { DatasetInput, Run } from '../entities.ts';
import { PAGE_ROWS } from './context.ts';
import type { SchemaFacts } from './facts.ts';
import type { Tables } from './tables.ts';

type Db = Kysely<Tables>;

/** Below the least number of parameters that a database takes (SQL Server 2,100). */
const IDS_AT_ONCE = 500;

function grouped<T, V>(
  rows: readonly T[],
  keyOf: (row: T) => string,
  valueOf: (row: T) => V,
): Map<string, V[]> {
  const groups = new Map<string, V[]>();
  for (const row of rows) {
    const group = groups.get(keyOf(row));
    if (group) group.push(valueOf(row));
    else groups.set(keyOf(row), [valueOf(row)]);
  }
  return groups;
}

/** Reads rows in the order of their input's id, at most `PAGE_ROWS` per statement. */
async function paged<T extends { readonly input_uuid: string }>(
  readPage: (after: string) => Promise<readonly T[]>,
): Promise<readonly T[]> {
  const all: T[] = [];
  for (let after = ''; ;) {
    const rows = await readPage(after);
    all.push(...rows);
    after = rows.at(-1)?.input_uuid ?? after;
    if (rows.length < PAGE_ROWS) return all;
  }
}

async function readInputTags(db: Db, facts: SchemaFacts, inputIds: readonly string[]) {
  if (!facts.has('input_tags') || inputIds.length === 0) return new Map<string, [string, string][]>();
  const rows: Tables['input_tags'][] = [];
  for (let start = 0; start < inputIds.length; start += IDS_AT_ONCE) {
    const ids = inputIds.slice(start, start + IDS_AT_ONCE);
    rows.push(
      ...(await db
        .selectFrom('input_tags')
        .select(['input_uuid', 'name', 'value'])
        .where('input_uuid', 'in', ids)
        .execute()),
    );
  }
  return grouped(
    rows,
    (row) => row.input_uuid,
    (row): [string, string] => [row.name, row.value],
  );
}

/** The datasets that runs used, by run. */
export async function readDatasetInputs(
  db: Db,
  facts: SchemaFacts,
  runIds: readonly string[],
): Promise<Map<string, DatasetInput[]>> {
  if (!facts.has('inputs') || !facts.has('datasets')) return new Map();
  const readPage = (after: string) =>
    db
      .selectFrom('inputs')
      .innerJoin('datasets', 'datasets.dataset_uuid', 'inputs.source_id')
      .select([
        'inputs.input_uuid',
        'inputs.destination_id',
        'datasets.name',
        'datasets.digest',
        'datasets.dataset_source_type',
        'datasets.dataset_source',
        'datasets.dataset_schema',
        'datasets.dataset_profile',
      ])
      .where('inputs.destination_type', '=', 'RUN')
      .where('inputs.destination_id', 'in', runIds)
      .where('inputs.input_uuid', '>', after)
      .orderBy('inputs.input_uuid')
      .limit(PAGE_ROWS)
      .execute();
  const rows = await paged(readPage);
  const tags = await readInputTags(
    db,
    facts,
    rows.map((row) => row.input_uuid),
  );
  return grouped(
    rows,
    (row) => row.destination_id,
    (row): DatasetInput => ({
      dataset: {
        name: row.name,
        digest: row.digest,
        sourceType: row.dataset_source_type,
        source: row.dataset_source,
        ...(row.dataset_schema === null ? {} : { schema: row.dataset_schema }),
        ...(row.dataset_profile === null ? {} : { profile: row.dataset_profile }),
      },
      tags: Object.fromEntries(tags.get(row.input_uuid) ?? []),
    }),
  );
}

/** The logged models that runs read and made, by run. */
export async function readModelLinks(
  db: Db,
  facts: SchemaFacts,
  runIds: readonly string[],
): Promise<{
  readonly inputs: Map<string, Run['modelInputs'][number][]>;
  readonly outputs: Map<string, Run['modelOutputs'][number][]>;
}> {
  if (!facts.has('inputs', 'step')) return { inputs: new Map(), outputs: new Map() };
  const readPage = (after: string) =>
    db
      .selectFrom('inputs')
      .select(['input_uuid', 'source_type', 'source_id', 'destination_id', 'step'])
      .where('source_id', 'in', runIds)
      .where('input_uuid', '>', after)
      .where((eb) =>
        eb.or([
          eb.and([eb('source_type', '=', 'RUN_INPUT'), eb('destination_type', '=', 'MODEL_INPUT')]),
          eb.and([eb('source_type', '=', 'RUN_OUTPUT'), eb('destination_type', '=', 'MODEL_OUTPUT')]),
        ]),
      )
      .orderBy('input_uuid')
      .limit(PAGE_ROWS)
      .execute();
  const rows = await paged(readPage);
  return {
    inputs: grouped(
      rows.filter((row) => row.source_type === 'RUN_INPUT'),
      (row) => row.source_id,
      (row) => ({ modelId: row.destination_id }),
    ),
    outputs: grouped(
      rows.filter((row) => row.source_type === 'RUN_OUTPUT'),
      (row) => row.source_id,
      (row) => ({ modelId: row.destination_id, step: row.step }),
    ),
  };
}
