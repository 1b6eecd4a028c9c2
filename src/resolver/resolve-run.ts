import { type ArtifactPath, nameOf, type Under } from '../core/artifact-path.ts';
import type { Io } from '../core/io.ts';
import { formatLocation, parseLocation } from '../core/location.ts';
import { redactUri } from '../core/redact.ts';
import type { Run } from '../tracking/entities.ts';
import { ARTIFACT_URI_TAG, taggedLocation } from './artifact-uri-tag.ts';
import { findNamedModel } from './named-model.ts';
import { type Physical, resolvePhysical } from './physical.ts';
import type { Place, Resolution, Step } from './resolution.ts';
import type { ResolverOptions } from './resolver-options.ts';

/** What of a run is asked for, and the steps that led to it. */
export interface RunAsk {
  readonly runId: string;
  readonly path: Under;
  readonly before: readonly Step[];
}

/**
 * Where a run's artifacts are read from: the place that its tag records, then its own artifact URI.
 * @throws Failure not-found; misconfigured, unsupported, invalid when its artifact URI cannot be followed
 */
export async function resolveRun(options: ResolverOptions, ask: RunAsk, io: Io): Promise<Resolution> {
  const { runId, path } = ask;
  const tracking = await options.tracking();
  const run = await tracking.runs.get(runId, io);
  const own = await resolvePhysical(parseLocation(run.info.artifactUri), options);
  const ownPlace: Place = { location: own.location, path, because: "it is the run's own artifact URI" };
  const recorded = await recordedPlace(options, run, own);
  const tagPlace = recorded && {
    location: recorded.location,
    path,
    because: `the run's tag ${ARTIFACT_URI_TAG} records it`,
  };
  const steps = [
    ...ask.before,
    { found: `run ${runId}`, origin: tracking.label },
    { found: redactUri(run.info.artifactUri), origin: 'artifact URI of the run' },
    ...own.steps,
    ...(recorded?.steps ?? []),
  ];
  return {
    places: tagPlace ? [tagPlace, ownPlace] : [ownPlace],
    name: path === '' ? '' : nameOf(path),
    run,
    steps,
    ...(path === '' ? {} : { fallback: async () => namedModelPlace(options, run, path, io) }),
  };
}

/** What the run's tag records, when that is another place than its own. */
async function recordedPlace(
  options: ResolverOptions,
  run: Run,
  own: Physical,
): Promise<Physical | undefined> {
  const tagged = taggedLocation(run, options.warn);
  if (!tagged) return undefined;
  const physical = await resolvePhysical(tagged, options);
  if (formatLocation(physical.location) === formatLocation(own.location)) return undefined;
  const step = {
    found: tagged.redacted,
    origin: `run tag ${ARTIFACT_URI_TAG}`,
    shadowed: [own.location.redacted],
  };
  return { location: physical.location, steps: [step, ...physical.steps] };
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
