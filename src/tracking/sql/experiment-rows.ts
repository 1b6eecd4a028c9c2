import type { Kysely, SelectQueryBuilder } from 'kysely';
import { Failure } from '../../core/failure.ts';
import type { SqlContext } from './context.ts';
import type { Tables } from './tables.ts';

/** MLflow's ids in a database are integers. @throws Failure invalid */
export function parseExperimentId(id: string): number {
  const number = Number(id);
  if (/^\s*[+-]?\d+\s*$/.test(id) && Number.isSafeInteger(number)) return number;
  throw new Failure({
    kind: 'invalid',
    message: `the experiment id ${JSON.stringify(id)} is not a whole number`,
    subject: id,
    hint: 'list the ids with: mlstow experiments search',
  });
}

/** The experiments of our workspace, in a schema that has workspaces; else all. */
export function selectExperiments(
  db: Kysely<Tables>,
  { facts, workspace }: SqlContext,
): SelectQueryBuilder<Tables, 'experiments', object> {
  const query = db.selectFrom('experiments');
  return facts.has('experiments', 'workspace') ? query.where('workspace', '=', workspace) : query;
}

/** @throws never: it makes the Failure */
export function noExperiment(id: string, context: SqlContext, stage?: string): Failure {
  const what = stage === undefined ? 'experiment' : `${stage} experiment`;
  return new Failure({
    kind: 'not-found',
    message: `no ${what} with id ${id} in ${context.sessions.label}`,
    subject: id,
    hint: 'list the experiments with: mlstow experiments search --view all',
  });
}

/** The name belongs to another experiment, perhaps a deleted one. */
export function nameTaken(
  name: string,
  held: { readonly experiment_id: number | string; readonly lifecycle_stage: string },
): Failure {
  const id = held.experiment_id;
  const isDeleted = held.lifecycle_stage === 'deleted';
  return new Failure({
    kind: 'exists',
    message: `${isDeleted ? 'a deleted experiment' : 'an experiment'} named ${JSON.stringify(name)} exists with id ${id}`,
    subject: name,
    hint: isDeleted
      ? `restore it with: mlstow experiments restore -x ${id}; or remove it for good with: mlstow gc --experiment-ids ${id}`
      : 'choose another name, or use --if-not-exists',
  });
}

/**
 * The id of an experiment that is active and stays so until the transaction ends.
 * @throws Failure not-found, invalid when it is deleted
 */
export async function activeExperiment(
  db: Kysely<Tables>,
  context: SqlContext,
  id: string,
  hold: 'share' | 'own',
): Promise<number> {
  const query = selectExperiments(db, context)
    .select(['experiment_id', 'lifecycle_stage'])
    .where('experiment_id', '=', parseExperimentId(id));
  const found = await context.sessions.hold(query, hold).executeTakeFirst();
  if (!found) throw noExperiment(id, context);
  if (found.lifecycle_stage === 'active') return found.experiment_id;
  throw deletedExperiment(id);
}

/** What may only be done to an active experiment. */
export function deletedExperiment(id: string): Failure {
  return new Failure({
    kind: 'invalid',
    message: `the experiment ${id} is deleted`,
    subject: id,
    hint: `restore it first with: mlstow experiments restore -x ${id}`,
  });
}
