import type { Kysely } from 'kysely';
import type { CollectKind } from '../../collect.ts';
import type { Tags } from '../../entities.ts';
import type { SchemaFacts } from '../facts.ts';
import type { Tables } from '../tables.ts';

/** MLflow's tag of a trace that names where its files are (mlflow/tracing/constant.py, `MLFLOW_ARTIFACT_LOCATION`). */
export const TRACE_LOCATION_TAG = 'mlflow.artifactLocation';

interface TagRow {
  readonly id: string;
  readonly key: string;
  readonly value: string | null;
}

async function tagRows(
  db: Kysely<Tables>,
  kind: CollectKind,
  ids: readonly string[],
  keys: readonly string[],
): Promise<readonly TagRow[]> {
  switch (kind) {
    case 'run':
      return db
        .selectFrom('tags')
        .select(['run_uuid as id', 'key', 'value'])
        .where('run_uuid', 'in', ids)
        .where('key', 'in', keys)
        .execute();
    case 'model':
      return db
        .selectFrom('logged_model_tags')
        .select(['model_id as id', 'tag_key as key', 'tag_value as value'])
        .where('model_id', 'in', ids)
        .where('tag_key', 'in', keys)
        .execute();
    case 'trace':
      return db
        .selectFrom('trace_tags')
        .select(['request_id as id', 'key', 'value'])
        .where('request_id', 'in', ids)
        .where('key', 'in', keys)
        .execute();
    case 'experiment': {
      const found = await db
        .selectFrom('experiment_tags')
        .select(['experiment_id', 'key', 'value'])
        .where('experiment_id', 'in', ids.map(Number))
        .where('key', 'in', keys)
        .execute();
      return found.map(({ experiment_id: id, key, value }) => ({ id: String(id), key, value }));
    }
  }
}

const TABLES = {
  run: 'tags',
  model: 'logged_model_tags',
  trace: 'trace_tags',
  experiment: 'experiment_tags',
} as const;

/** Ids in one statement: SQL Server takes 2,100 values. */
const MOST_IDS = 1000;

/** The tags of some keys, by id. */
export async function readTags(
  db: Kysely<Tables>,
  facts: SchemaFacts,
  kind: CollectKind,
  ids: readonly string[],
  keys: readonly string[],
): Promise<ReadonlyMap<string, Tags>> {
  const found = new Map<string, Record<string, string>>();
  if (keys.length === 0 || !facts.has(TABLES[kind])) return found;
  for (let from = 0; from < ids.length; from += MOST_IDS) {
    for (const { id, key, value } of await tagRows(db, kind, ids.slice(from, from + MOST_IDS), keys)) {
      const tags = found.get(id) ?? {};
      tags[key] = value ?? '';
      found.set(id, tags);
    }
  }
  return found;
}
