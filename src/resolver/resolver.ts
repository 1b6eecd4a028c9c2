import { type ArtifactPath, joinPath, type Under } from '../core/artifact-path.ts';
import { Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import { type Location, parseLocation, runsParts } from '../core/location.ts';
import { redactUri } from '../core/redact.ts';
import type { Experiment, Run } from '../tracking/entities.ts';
import type { TrackingStore } from '../tracking/store.ts';
import { ARTIFACT_URI_TAG, locationUnderRoot, taggedLocation } from './artifact-uri-tag.ts';
import { type PhysicalOptions, resolvePhysical } from './physical.ts';
import type { Destination, Place, Resolution, Step } from './resolution.ts';
import { resolveModel } from './resolve-model.ts';
import { findNamedModel } from './named-model.ts';
import { parseTarget } from './target.ts';

/** What the resolver needs of the settings and of the tracking store. */
export interface ResolverOptions extends PhysicalOptions {
  /** Opened only for targets that need it. */
  readonly tracking: () => Promise<TrackingStore>;
  /** MLFLOW_ARTIFACT_URI: this process's artifact root, and who set it. */
  readonly artifactRoot?: { readonly uri: string; readonly origin: string };
  readonly warn: (message: string) => void;
}

/** The one answer to "where are these artifacts?", shared by every command. */
export interface Resolver {
  /** Where a TARGET operand's artifacts are read from: a run id, `experiment:NAME`, a URI, a path. */
  target(text: string, io: Io): Promise<Resolution>;
  /** Where a run's artifacts are read from: the place its tag records and its own URI. */
  run(runId: string, path: Under, io: Io): Promise<Resolution>;
  /** Where a URI points: `runs:/`, `models:/`, `mlflow-artifacts:` and every store's own. */
  uri(uri: string, io: Io): Promise<Resolution>;
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
    run: async (runId, path, io) => resolveRun(options, runId, path, io),
    uri: async (uri, io) => resolveUri(options, uri, [], io),
    experiment: async (nameOrId, io) => resolveExperiment(options, nameOrId, io),
    destination: async (runId, io) => resolveDestination(options, runId, io),
  };
  return resolver;
}

async function resolveUri(
  options: ResolverOptions,
  uri: string,
  steps: readonly Step[],
  io: Io,
): Promise<Resolution> {
  const location = parseLocation(uri);
  const asked = steps.length === 0 ? [{ found: location.redacted, origin: 'the command line' }] : steps;
  if (location.scheme === 'runs') {
    const { runId, path } = runsParts(location);
    return resolveRun(options, runId, path, io, asked);
  }
  if (location.scheme === 'models') {
    const model = await resolveModel(location, await options.tracking(), io);
    const root = await resolveUri(options, model.uri, [...asked, ...model.steps], io);
    return below(root, model.path);
  }
  const physical = await resolvePhysical(location, options);
  const place = {
    location: physical.location,
    path: '' as const,
    because: `it is what ${location.redacted} names`,
  };
  return { places: [place], steps: [...asked, ...physical.steps] };
}

/** The same resolution, one path deeper. */
function below(resolution: Resolution, path: Under): Resolution {
  if (path === '') return resolution;
  const deeper = (place: Place): Place => ({ ...place, path: joinPath(place.path, path) });
  const [first, ...rest] = resolution.places;
  const { fallback } = resolution;
  return {
    ...resolution,
    places: [deeper(first), ...rest.map(deeper)],
    ...(fallback
      ? {
          fallback: async () => {
            const place = await fallback();
            return place && deeper(place);
          },
        }
      : {}),
  };
}

async function resolveRun(
  options: ResolverOptions,
  runId: string,
  path: Under,
  io: Io,
  before: readonly Step[] = [],
): Promise<Resolution> {
  const tracking = await options.tracking();
  const run = await tracking.runs.get(runId, io);
  const own = await resolvePhysical(parseLocation(run.info.artifactUri), options);
  const steps = [
    ...before,
    { found: `run ${runId}`, origin: tracking.label },
    { found: redactUri(run.info.artifactUri), origin: 'artifact URI of the run' },
    ...own.steps,
  ];
  const ownPlace: Place = { location: own.location, path, because: "it is the run's own artifact URI" };
  const fallback = path === '' ? {} : { fallback: async () => namedModelPlace(options, run, path, io) };
  const tagged = taggedLocation(run, options.warn);
  if (!tagged) return { places: [ownPlace], run, steps, ...fallback };
  const physical = await resolvePhysical(tagged, options);
  const tagPlace: Place = {
    location: physical.location,
    path,
    because: `the run's tag ${ARTIFACT_URI_TAG} records it`,
  };
  const tagStep = {
    found: tagged.redacted,
    origin: `run tag ${ARTIFACT_URI_TAG}`,
    shadowed: [own.location.redacted],
  };
  return { places: [tagPlace, ownPlace], run, steps: [...steps, tagStep, ...physical.steps], ...fallback };
}

async function namedModelPlace(
  options: ResolverOptions,
  run: Run,
  path: ArtifactPath,
  io: Io,
): Promise<Place | undefined> {
  const named = await findNamedModel(run, path, await options.tracking(), io);
  if (!named) return undefined;
  const physical = await resolvePhysical(parseLocation(named.model.artifactLocation), options);
  return {
    location: physical.location,
    path: named.rest,
    because: `the run's logged model ${named.model.name} (${named.model.modelId}) is there`,
  };
}

async function resolveExperiment(
  options: ResolverOptions,
  nameOrId: string,
  io: Io,
): Promise<Resolution & { readonly experiment: Experiment }> {
  const tracking = await options.tracking();
  const experiment =
    (await tracking.experiments.findByName(nameOrId, io)) ?? (await tracking.experiments.get(nameOrId, io));
  const physical = await resolvePhysical(parseLocation(experiment.artifactLocation), options);
  const place: Place = {
    location: physical.location,
    path: '',
    because: "it is the experiment's artifact location",
  };
  const steps = [
    { found: `experiment ${experiment.experimentId} (${experiment.name})`, origin: tracking.label },
    { found: redactUri(experiment.artifactLocation), origin: 'artifact location of the experiment' },
    ...physical.steps,
  ];
  return { places: [place], experiment, steps };
}

async function resolveDestination(options: ResolverOptions, runId: string, io: Io): Promise<Destination> {
  const tracking = await options.tracking();
  const run = await tracking.runs.get(runId, io);
  if (run.info.lifecycleStage === 'deleted') {
    throw new Failure({
      kind: 'conflict',
      message: `run ${runId} is deleted, so nothing can be logged to it`,
      hint: `restore it first: mlstow runs restore --run-id ${runId}`,
      subject: runId,
    });
  }
  const own = parseLocation(run.info.artifactUri);
  const steps: Step[] = [
    { found: `run ${runId}`, origin: tracking.label },
    { found: own.redacted, origin: 'artifact URI of the run' },
  ];
  const chosen = chooseRoot(options, run, own);
  if (!chosen.own && options.artifactRoot) {
    steps.push({
      found: chosen.location.redacted,
      origin: options.artifactRoot.origin,
      shadowed: [own.redacted],
    });
  }
  const physical = await resolvePhysical(chosen.location, options);
  const destination = {
    location: physical.location,
    run,
    own: chosen.own,
    steps: [...steps, ...physical.steps],
  };
  return chosen.own ? destination : { ...destination, tag: { key: ARTIFACT_URI_TAG, value: chosen.uri } };
}

function chooseRoot(
  options: ResolverOptions,
  run: Run,
  own: Location,
): { readonly location: Location; readonly own: boolean; readonly uri: string } {
  if (!options.artifactRoot) return { location: own, own: true, uri: run.info.artifactUri };
  return locationUnderRoot(run, own, parseLocation(options.artifactRoot.uri), options.warn);
}
