import { Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import { formatLocation, isBelow, type Location, parseLocation } from '../core/location.ts';
import type { Run } from '../tracking/entities.ts';
import { ARTIFACT_URI_TAG, conflictingPlace, runLocationBelow, taggedLocation } from './artifact-uri-tag.ts';
import { absoluteLocation, configuredLocation, type Physical, resolvePhysical } from './physical.ts';
import type { Destination, Step } from './resolution.ts';
import type { ResolverOptions } from './resolver-options.ts';

const PASSWORD = /^[^/]*:[^/]*@/;

/**
 * Where new artifacts of a run go: to its own artifact URI, or below MLFLOW_ARTIFACT_URI when its own is not below that.
 * @throws Failure conflict for a deleted run, and for one that records another place already
 */
export async function resolveDestination(
  options: ResolverOptions,
  runId: string,
  io: Io,
): Promise<Destination> {
  const tracking = await options.tracking();
  const run = await tracking.runs.get(runId, io);
  if (run.info.lifecycleStage === 'deleted') throw deleted(runId);
  const own = parseLocation(run.info.artifactUri);
  const steps: Step[] = [
    { found: `run ${runId}`, origin: tracking.label },
    { found: own.redacted, origin: 'artifact URI of the run' },
  ];
  const ownPlace = await resolvePhysical(own, options);
  const below = await belowArtifactRoot(options, run, { own, ownPlace });
  if (below) return elsewhere(options, run, below, steps);
  warnOfOtherPlace(options, run, ownPlace);
  return {
    location: ownPlace.location,
    declared: own.scheme === 'file' ? own : ownPlace.location,
    run,
    own: true,
    steps: [...steps, ...ownPlace.steps],
  };
}

function deleted(runId: string): Failure {
  return new Failure({
    kind: 'conflict',
    message: `run ${runId} is deleted, so nothing can be logged to it`,
    hint: `restore it first: mlstow runs restore --run-id ${runId}`,
    subject: runId,
  });
}

/** The run's folder below this process's artifact root; undefined when there is no such root or the run is below it. */
async function belowArtifactRoot(
  options: ResolverOptions,
  run: Run,
  { own, ownPlace }: { readonly own: Location; readonly ownPlace: Physical },
): Promise<Location | undefined> {
  if (!options.artifactRoot) return undefined;
  const root = absoluteLocation(configuredLocation(options.artifactRoot, 'artifacts.uri'), options.cwd);
  if (isBelow(absoluteLocation(own, options.cwd), root)) return undefined;
  // One place can be written in two ways, `mlflow-artifacts:/` and `mlflow-artifacts://server/`.
  const physicalRoot = await resolvePhysical(root, options);
  return isBelow(ownPlace.location, physicalRoot.location) ? undefined : runLocationBelow(root, run);
}

async function elsewhere(
  options: ResolverOptions,
  run: Run,
  location: Location,
  steps: readonly Step[],
): Promise<Destination> {
  const recorded = taggedLocation(run, options.warn);
  if (recorded && formatLocation(recorded) !== formatLocation(location)) {
    throw conflictingPlace(run, recorded, location);
  }
  if (PASSWORD.test(location.authority)) {
    options.warn(
      `the location ${location.redacted} holds a password, and everyone who may read the run sees its tag ${ARTIFACT_URI_TAG}; leave it out of MLFLOW_ARTIFACT_URI`,
    );
  }
  const physical = await resolvePhysical(location, options);
  const step = {
    found: location.redacted,
    origin: options.artifactRoot?.origin ?? 'MLFLOW_ARTIFACT_URI',
    shadowed: steps.slice(1).map(({ found }) => found),
  };
  return {
    location: physical.location,
    declared: physical.location,
    run,
    own: false,
    tag: { key: ARTIFACT_URI_TAG, value: formatLocation(location) },
    steps: [...steps, step, ...physical.steps],
  };
}

function warnOfOtherPlace(options: ResolverOptions, run: Run, own: Physical): void {
  const recorded = taggedLocation(run, options.warn);
  if (!recorded || formatLocation(recorded) === formatLocation(own.location)) return;
  options.warn(
    `run ${run.info.runId} also has artifacts at ${recorded.redacted} (tag ${ARTIFACT_URI_TAG}); a file of the same name there hides the one that is logged now`,
  );
}
