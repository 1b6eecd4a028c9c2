import { Failure } from '../../core/failure.ts';
import type { LoggedModels } from '../store.ts';
import type { SqlContext } from './context.ts';
import { selectExperiments } from './experiment-rows.ts';

/** Logged models that are not deleted. */
export function sqlLoggedModels(context: SqlContext): LoggedModels {
  const isScoped = context.facts.has('experiments', 'workspace');
  return {
    async get(modelId, io) {
      const row = await context.sessions.read(io, (db) =>
        db
          .selectFrom('logged_models')
          .select(['model_id', 'experiment_id', 'name', 'artifact_location', 'source_run_id'])
          .where('model_id', '=', modelId)
          .where('lifecycle_stage', '!=', 'deleted')
          .$if(isScoped, (all) =>
            all.where('experiment_id', 'in', selectExperiments(db, context).select('experiment_id')),
          )
          .executeTakeFirst(),
      );
      if (!row) {
        throw new Failure({
          kind: 'not-found',
          message: `no logged model with id ${modelId} in ${context.sessions.label}`,
          subject: modelId,
          hint: 'check the model id and the tracking URI',
        });
      }
      return {
        modelId: row.model_id,
        experimentId: String(row.experiment_id),
        name: row.name,
        artifactLocation: row.artifact_location,
        ...(row.source_run_id ? { sourceRunId: row.source_run_id } : {}),
      };
    },
  };
}
