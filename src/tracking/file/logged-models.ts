import { join } from 'node:path';
import { Failure } from '../../core/failure.ts';
import type { LoggedModels } from '../store.ts';
import type { FileContext } from './context.ts';
import { assertRunId, experimentFolders } from './layout.ts';
import { readMetaIfAny } from './meta.ts';

/** Logged models in `<experiment>/models/<id>`, those that are not deleted. */
export function fileLoggedModels(context: FileContext): LoggedModels {
  return {
    async get(modelId) {
      assertRunId(modelId);
      for (const experiment of await experimentFolders(context.root)) {
        const meta = await readMetaIfAny(join(experiment.path, 'models', modelId), context.clock);
        if (!meta || meta.text('lifecycle_stage') === 'deleted') continue;
        const sourceRunId = meta.text('source_run_id');
        return {
          modelId,
          experimentId: experiment.id,
          name: meta.text('name') ?? '',
          artifactLocation: meta.text('artifact_location') ?? '',
          ...(sourceRunId === undefined ? {} : { sourceRunId }),
        };
      }
      throw new Failure({
        kind: 'not-found',
        message: `no logged model with id ${modelId} in ${context.label}`,
        subject: modelId,
        hint: 'check the model id and the tracking URI',
      });
    },
  };
}
