import { type ArtifactPath, parseArtifactPath, type Under } from '../core/artifact-path.ts';
import { Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import type { LoggedModel, Run } from '../tracking/entities.ts';
import type { LoggedModels, TrackingStore } from '../tracking/store.ts';

/** A logged model of a run that a path below the run names by its first segment, and the rest of that path. */
export interface NamedModel {
  readonly model: LoggedModel;
  readonly rest: Under;
}

/**
 * Finds the logged model that `runs:/<run>/<name>/…` means. MLflow 3 keeps a run's models outside of the run and still
 * reads them through it. The newest of that name wins; a deleted one is none.
 * @see mlflow/store/artifact/runs_artifact_repo.py `_get_logged_model_artifact_repo`
 */
export async function findNamedModel(
  run: Run,
  path: ArtifactPath,
  tracking: Pick<TrackingStore, 'loggedModels'>,
  io: Io,
): Promise<NamedModel | undefined> {
  const { loggedModels } = tracking;
  if (!loggedModels) return undefined;
  const [name = '', ...rest] = path.split('/');
  const model = await searchOutputs(run, name, loggedModels, io);
  return model && { model, rest: rest.length === 0 ? '' : parseArtifactPath(rest.join('/')) };
}

/** Models asked for at once. */
const TOGETHER = 8;

/** Looks through the run's outputs, the newest first; of one step, the one recorded last. */
async function searchOutputs(
  run: Run,
  name: string,
  loggedModels: LoggedModels,
  io: Io,
): Promise<LoggedModel | undefined> {
  const newestFirst = [...run.modelOutputs].reverse().sort((a, b) => b.step - a.step);
  for (let from = 0; from < newestFirst.length; from += TOGETHER) {
    const some = newestFirst.slice(from, from + TOGETHER);
    const models = await Promise.all(some.map(async ({ modelId }) => getIfThere(modelId, loggedModels, io)));
    const found = models.find((model) => model?.name === name);
    if (found) return found;
  }
  return undefined;
}

async function getIfThere(
  modelId: string,
  loggedModels: LoggedModels,
  io: Io,
): Promise<LoggedModel | undefined> {
  try {
    return await loggedModels.get(modelId, io);
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.kind === 'not-found') return undefined;
    throw thrown;
  }
}
