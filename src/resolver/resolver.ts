import { joinPath, nameOf, type Under } from '../core/artifact-path.ts';
import { Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import { formatLocation, type Location, modelsParts, parseLocation, runsParts } from '../core/location.ts';
import type { Experiment } from '../tracking/entities.ts';
import { resolvePhysical } from './physical.ts';
import { lastNameOf, placeFromAbove } from './place-of-uri.ts';
import { resolveDestination } from './resolve-destination.ts';
import { resolveExperiment } from './resolve-experiment.ts';
import { resolveModel } from './resolve-model.ts';
import { resolveRun } from './resolve-run.ts';
import type { Destination, Resolution, Step } from './resolution.ts';
import type { ResolverOptions } from './resolver-options.ts';
import { parseTarget } from './target.ts';

/** The one answer to "where are these artifacts?", shared by every command. */
export interface Resolver {
  /** Where a TARGET operand's artifacts are read from: a run id, `experiment:NAME`, a URI, a path. */
  target(text: string, io: Io): Promise<Resolution>;
  /** Where a run's artifacts are read from: the place its tag records and its own URI. */
  run(runId: string, path: Under, io: Io): Promise<Resolution>;
  /** Where a URI, and a path below it, point: `runs:/`, `models:/`, `mlflow-artifacts:` and every store's own. */
  uri(uri: string, io: Io, path?: Under): Promise<Resolution>;
  experiment(nameOrId: string, io: Io): Promise<Resolution & { readonly experiment: Experiment }>;
  /** Where new artifacts of a run go. @throws Failure conflict for a deleted run */
  destination(runId: string, io: Io): Promise<Destination>;
}

/** A resolver on these settings and this tracking store. */
export function createResolver(options: ResolverOptions): Resolver {
  const resolver: Resolver = {
    target: async (text, io) => {
      const target = parseTarget(text);
      if (target.kind === 'run') return resolver.run(target.runId, '', io);
      if (target.kind === 'experiment') return resolver.experiment(target.nameOrId, io);
      return resolver.uri(target.uri, io);
    },
    run: async (runId, path, io) => resolveRun(options, { runId, path, before: [] }, io),
    uri: async (uri, io, path = '') => {
      const location = parseLocation(uri);
      const asked = { found: location.redacted, origin: 'the command line' };
      const resolution = await resolveLocation(options, location, path, { steps: [asked], models: [] }, io);
      return { ...resolution, name: nameAsked(location, path) };
    },
    experiment: async (nameOrId, io) => resolveExperiment(options, nameOrId, io),
    destination: async (runId, io) => resolveDestination(options, runId, io),
  };
  return resolver;
}

/** How a URI was reached: the steps so far, and the `models:` URIs among them. */
interface Trail {
  readonly steps: readonly Step[];
  readonly models: readonly string[];
}

async function resolveLocation(
  options: ResolverOptions,
  location: Location,
  path: Under,
  trail: Trail,
  io: Io,
): Promise<Resolution> {
  if (location.scheme === 'runs') {
    const parts = runsParts(location);
    return resolveRun(
      options,
      { runId: parts.runId, path: joined(parts.path, path), before: trail.steps },
      io,
    );
  }
  if (location.scheme === 'models') return followModel(options, location, path, trail, io);
  const physical = await resolvePhysical(location, options);
  const because = `it is what ${location.redacted} names`;
  return {
    places: [{ location: physical.location, path, because }],
    name: path === '' ? lastNameOf(physical.location) : nameOf(path),
    steps: [...trail.steps, ...physical.steps],
    ...(path === '' ? { fallback: async () => placeFromAbove(physical.location, because) } : {}),
  };
}

/** The longest chain of registered models that refer to each other. MLflow itself makes chains of two. */
const MAX_MODELS = 8;

async function followModel(
  options: ResolverOptions,
  location: Location,
  path: Under,
  trail: Trail,
  io: Io,
): Promise<Resolution> {
  const uri = formatLocation(location);
  if (trail.models.includes(uri) || trail.models.length === MAX_MODELS) throw endless(trail, location);
  const model = await resolveModel(location, await options.tracking(), io);
  const next: Trail = { steps: [...trail.steps, ...model.steps], models: [...trail.models, uri] };
  return resolveLocation(options, parseLocation(model.uri), joined(model.path, path), next, io);
}

function endless(trail: Trail, location: Location): Failure {
  return new Failure({
    kind: 'corrupt',
    message: `${trail.models[0] ?? location.redacted} leads to no files: its registered models refer to each other (${[...trail.models, location.redacted].join(' → ')})`,
    hint: 'correct the source of one of these model versions',
    subject: location.redacted,
  });
}

function joined(under: Under, path: Under): Under {
  return path === '' ? under : joinPath(under, path);
}

function nameAsked(location: Location, path: Under): string {
  const below = joined(pathIn(location), path);
  if (below !== '') return nameOf(below);
  return location.scheme === 'runs' || location.scheme === 'models' ? '' : lastNameOf(location);
}

function pathIn(location: Location): Under {
  if (location.scheme === 'runs') return runsParts(location).path;
  return location.scheme === 'models' ? modelsParts(location).path : '';
}
