import type { Under } from '../core/artifact-path.ts';
import { Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import { type Location, modelsParts, type ModelsParts } from '../core/location.ts';
import { redactUri } from '../core/redact.ts';
import type { ModelVersion } from '../tracking/entities.ts';
import type { Registry, TrackingStore } from '../tracking/store.ts';
import type { Step } from './resolution.ts';

/** Where a `models:/` URI points: the URI of the model's files, the path below it, and how it was found. */
export interface ResolvedModel {
  readonly uri: string;
  readonly path: Under;
  readonly steps: readonly Step[];
}

/**
 * Finds the files of a `models:/` URI: a logged model by id, a registered version by number, alias or stage.
 * @throws Failure not-found, corrupt (a version that records no files), unsupported (a store without models)
 */
export async function resolveModel(
  location: Location,
  tracking: TrackingStore,
  io: Io,
): Promise<ResolvedModel> {
  const parts = modelsParts(location);
  if (parts.kind === 'id') {
    const { loggedModels } = tracking;
    if (!loggedModels) throw without('logged models', location, tracking);
    const model = await loggedModels.get(parts.modelId, io);
    const step = { found: redactUri(model.artifactLocation), origin: `logged model ${model.modelId}` };
    return { uri: model.artifactLocation, path: parts.path, steps: [step] };
  }
  if (!tracking.registry) throw without('model registry', location, tracking);
  const version = await findVersion(parts, tracking.registry, io);
  const uri = await tracking.registry.downloadUri(version, io);
  if (uri === '') throw withoutFiles(version);
  const step = {
    found: redactUri(uri),
    origin: `registered model ${version.name}, version ${version.version}`,
  };
  return { uri, path: parts.path, steps: [step] };
}

async function findVersion(
  parts: Exclude<ModelsParts, { readonly kind: 'id' }>,
  registry: Registry,
  io: Io,
): Promise<ModelVersion> {
  if (parts.kind === 'version') return registry.version(parts.name, parts.version, io);
  if (parts.kind === 'alias') return registry.byAlias(parts.name, parts.alias, io);
  return registry.byStage(parts.name, parts.kind === 'latest' ? 'latest' : parts.stage, io);
}

function without(what: string, location: Location, tracking: TrackingStore): Failure {
  return new Failure({
    kind: 'unsupported',
    message: `${location.redacted} cannot be resolved: ${tracking.label} has no ${what}`,
    hint: 'set MLFLOW_TRACKING_URI to the server or database that holds the model',
    subject: location.redacted,
  });
}

function withoutFiles({ name, version }: ModelVersion): Failure {
  return new Failure({
    kind: 'corrupt',
    message: `version ${version} of the registered model ${JSON.stringify(name)} does not record where its files are`,
    hint: 'register the model again from its run or its logged model',
    subject: name,
  });
}
