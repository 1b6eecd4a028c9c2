import { sql } from 'kysely';
import type { CollectKind } from '../../collect.ts';
import type { SchemaFacts } from '../facts.ts';
import type { Condition } from './delete-some.ts';

type Ids = readonly (string | number)[];

/** Rows of another table that belong to what is erased. */
export interface Belonging {
  readonly table: string;
  readonly rows: (ids: Ids) => Condition;
}

/** A column that names what is erased and is emptied, the row staying. */
export interface Mention {
  readonly table: string;
  readonly column: string;
}

function among(column: string, ids: Ids): Condition {
  return sql`${sql.ref(column)} in (${sql.join(ids)})`;
}

const by = (table: string, column: string): Belonging => ({ table, rows: (ids) => among(column, ids) });

/** Rows that name another row, which names what is erased. */
function through(table: string, column: string, other: Belonging, key: string): Belonging {
  return {
    table,
    rows: (ids) =>
      sql`${sql.ref(column)} in (select ${sql.ref(key)} from ${sql.table(other.table)} where ${other.rows(ids)})`,
  };
}

/** Either end of a connection; `types`: what that end may be called, in full, since ids are found through an index only so. */
function ends(table: string, ...types: readonly string[]): Belonging {
  return {
    table,
    rows: (ids) =>
      sql`(${among('source_type', types)} and ${among('source_id', ids)}) or (${among('destination_type', types)} and ${among('destination_id', ids)})`,
  };
}

/** Types of the ends that `log_inputs` and `log_outputs` record (mlflow/store/tracking/sqlalchemy_store.py). */
const INPUTS = {
  run: ends('inputs', 'RUN', 'RUN_INPUT', 'RUN_OUTPUT'),
  model: ends('inputs', 'MODEL', 'MODEL_INPUT', 'MODEL_OUTPUT'),
} as const;
const SCORERS = by('scorers', 'experiment_id');
const QUEUES = by('review_queues', 'experiment_id');

/**
 * What belongs to each kind, in an order that no foreign key forbids (mlflow/store/tracking/dbmodels/models.py). Stock gc
 * leaves inputs, input_tags and entity_associations.
 */
const BELONGINGS: Readonly<Record<CollectKind, readonly Belonging[]>> = {
  run: [
    by('metrics', 'run_uuid'),
    by('latest_metrics', 'run_uuid'),
    by('params', 'run_uuid'),
    by('tags', 'run_uuid'),
    by('logged_model_metrics', 'run_id'),
    through('input_tags', 'input_uuid', INPUTS.run, 'input_uuid'),
    INPUTS.run,
    ends('entity_associations', 'run'),
  ],
  model: [
    by('logged_model_metrics', 'model_id'),
    by('logged_model_params', 'model_id'),
    by('logged_model_tags', 'model_id'),
    through('input_tags', 'input_uuid', INPUTS.model, 'input_uuid'),
    INPUTS.model,
  ],
  trace: [
    by('assessments', 'trace_id'),
    by('span_metrics', 'trace_id'),
    by('spans', 'trace_id'),
    by('trace_metrics', 'request_id'),
    by('trace_request_metadata', 'request_id'),
    by('trace_tags', 'request_id'),
    ends('entity_associations', 'trace'),
  ],
  experiment: [
    by('experiment_tags', 'experiment_id'),
    by('datasets', 'experiment_id'),
    by('online_scoring_configs', 'experiment_id'),
    through('scorer_versions', 'scorer_id', SCORERS, 'scorer_id'),
    SCORERS,
    by('label_schemas', 'experiment_id'),
    through('review_queue_items', 'queue_id', QUEUES, 'queue_id'),
    through('review_queue_users', 'queue_id', QUEUES, 'queue_id'),
    through('review_queue_label_schemas', 'queue_id', QUEUES, 'queue_id'),
    QUEUES,
    by('issues', 'experiment_id'),
    by('sql_trace_rollup_rebuild_queue', 'experiment_id'),
    by('sql_trace_metric_daily_rollups', 'experiment_id'),
    by('sql_span_cost_daily_rollups', 'experiment_id'),
    by('sql_assessment_daily_rollups', 'experiment_id'),
    ends('entity_associations', 'experiment'),
  ],
};

const MENTIONS: Readonly<Partial<Record<CollectKind, readonly Mention[]>>> = {
  run: [{ table: 'issues', column: 'source_run_id' }],
  experiment: [{ table: 'endpoints', column: 'experiment_id' }],
};

/** The tables through which rows are found, besides their own. */
const NEEDS: Readonly<Record<string, string>> = {
  input_tags: 'inputs',
  scorer_versions: 'scorers',
  review_queue_items: 'review_queues',
  review_queue_users: 'review_queues',
  review_queue_label_schemas: 'review_queues',
};

/** What belongs to a kind, in the tables that there are. */
export function belongingsOf(kind: CollectKind, facts: SchemaFacts): readonly Belonging[] {
  return BELONGINGS[kind].filter(
    ({ table }) => facts.has(table) && (NEEDS[table] === undefined || facts.has(NEEDS[table])),
  );
}

/** What names a kind, in the tables that there are. */
export function mentionsOf(kind: CollectKind, facts: SchemaFacts): readonly Mention[] {
  return (MENTIONS[kind] ?? []).filter(({ table, column }) => facts.has(table, column));
}
