import { type ArtifactPath, parseArtifactPath, type Under } from '../core/artifact-path.ts';
import type { Io } from '../core/io.ts';
import type { LoggedModel, Run } from '../tracking/entities.ts';
import type { TrackingStore } from '../tracking/store.ts';

/** A logged model of a run that a path below the run names by its first segment, and the rest of that path. */
export interface NamedModel {
  readonly model: LoggedModel;
  readonly rest: Under;
}

/**
 * Finds the logged model that `runs:/<run>/<name>/…` means. MLflow 3 keeps a run's models outside of the run and still
 * reads them through it. The newest output of that name wins.
 */
export async function findNamedModel(
  run: Run,
  path: ArtifactPath,
  tracking: TrackingStore,
  io: Io,
): Promise<NamedModel | undefined> {
  if (!tracking.loggedModels) return undefined;
  const [name, ...rest] = path.split('/');
  const newestFirst = [...run.modelOutputs].sort((a, b) => b.step - a.step);
  for (const output of newestFirst) {
    const model = await tracking.loggedModels.get(output.modelId, io);
    if (model.name === name)
      return { model, rest: rest.length === 0 ? '' : parseArtifactPath(rest.join('/')) };
  }
  return undefined;
}
