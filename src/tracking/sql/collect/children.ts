import type { Kysely } from 'kysely';
import type { Children, CollectCounts, CollectScope } from '../../collect.ts';
import type { SqlContext } from '../context.ts';
import type { SchemaFacts } from '../facts.ts';
import type { Tables } from '../tables.ts';
import { experimentKeys } from './candidates.ts';

type Db = Kysely<Tables>;

/** Ids of active ones that are told. */
const MOST_TOLD = 5;

async function countOf(
  db: Db,
  table: 'runs' | 'logged_models' | 'trace_info',
  experiment: number,
): Promise<number> {
  const row = await db
    .selectFrom(table)
    .select((eb) => eb.fn.countAll().as('count'))
    .where('experiment_id', '=', experiment)
    .executeTakeFirst();
  return Number(row?.count ?? 0);
}

/** What is left in an experiment. */
export async function countChildren(db: Db, { facts }: SqlContext, experimentId: string): Promise<Children> {
  const [experiment = -1] = experimentKeys([experimentId]);
  const runs = await countOf(db, 'runs', experiment);
  const models = facts.has('logged_models') ? await countOf(db, 'logged_models', experiment) : 0;
  const traces = facts.has('trace_info') ? await countOf(db, 'trace_info', experiment) : 0;
  const active = [
    ...(runs > 0 ? await activeRuns(db, experiment) : []),
    ...(models > 0 ? await activeModels(db, experiment) : []),
  ];
  return { runs, models, traces, active, users: await datasetUsers(db, facts, experiment) };
}

/** Before MLflow 3, the dataset of one experiment was recorded as the input of runs in others. */
async function datasetUsers(db: Db, facts: SchemaFacts, experiment: number): Promise<readonly string[]> {
  if (!facts.has('datasets') || !facts.has('inputs')) return [];
  const rows = await db
    .selectFrom('datasets')
    .innerJoin('inputs', 'inputs.source_id', 'datasets.dataset_uuid')
    .innerJoin('runs', 'runs.run_uuid', 'inputs.destination_id')
    .select('runs.run_uuid')
    .distinct()
    .where('datasets.experiment_id', '=', experiment)
    .where('inputs.source_type', '=', 'DATASET')
    .where('inputs.destination_type', '=', 'RUN')
    .where('runs.experiment_id', '!=', experiment)
    .where('runs.lifecycle_stage', '!=', 'deleted')
    .orderBy('runs.run_uuid')
    .limit(MOST_TOLD)
    .execute();
  return rows.map((row) => row.run_uuid);
}

async function activeRuns(db: Db, experiment: number): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('runs')
    .select('run_uuid')
    .where('experiment_id', '=', experiment)
    .where('lifecycle_stage', '!=', 'deleted')
    .orderBy('run_uuid')
    .limit(MOST_TOLD)
    .execute();
  return rows.map((row) => row.run_uuid);
}

async function activeModels(db: Db, experiment: number): Promise<readonly string[]> {
  const rows = await db
    .selectFrom('logged_models')
    .select('model_id')
    .where('experiment_id', '=', experiment)
    .where('lifecycle_stage', '!=', 'deleted')
    .orderBy('model_id')
    .limit(MOST_TOLD)
    .execute();
  return rows.map((row) => row.model_id);
}

async function countBoth(
  db: Db,
  context: SqlContext,
  table: 'runs' | 'logged_models' | 'experiments',
  scope: CollectScope,
): Promise<{ readonly deleted: number; readonly all: number }> {
  if (!context.facts.has(table)) return { deleted: 0, all: 0 };
  const { workspace } = scope;
  const only =
    workspace === 'all' || !context.facts.has('experiments', 'workspace') ? undefined : workspace.name;
  const rows = await db
    .selectFrom(table)
    .select((eb) => ['lifecycle_stage', eb.fn.countAll().as('count')])
    .$if(only !== undefined, (all) =>
      all.where(
        'experiment_id',
        'in',
        db
          .selectFrom('experiments as e')
          .select('e.experiment_id')
          .where('e.workspace', '=', only ?? ''),
      ),
    )
    .groupBy('lifecycle_stage')
    .execute();
  const counts = rows.map((row) => ({
    deleted: row.lifecycle_stage === 'deleted',
    count: Number(row.count),
  }));
  const sum = (chosen: typeof counts): number => chosen.reduce((total, { count }) => total + count, 0);
  return { deleted: sum(counts.filter(({ deleted }) => deleted)), all: sum(counts) };
}

/** How many runs, models and experiments there are. */
export async function countAll(db: Db, context: SqlContext, scope: CollectScope): Promise<CollectCounts> {
  return {
    runs: await countBoth(db, context, 'runs', scope),
    models: await countBoth(db, context, 'logged_models', scope),
    experiments: await countBoth(db, context, 'experiments', scope),
  };
}
