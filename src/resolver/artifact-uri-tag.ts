import { appendToLocation, formatLocation, isBelow, parseLocation, type Location } from '../core/location.ts';
import { parseArtifactPath } from '../core/artifact-path.ts';
import { Failure } from '../core/failure.ts';
import type { Run } from '../tracking/entities.ts';

/** Records on a run that its artifacts were written below another root than its own (MLFLOW_ARTIFACT_URI). */
export const ARTIFACT_URI_TAG = 'mlstow.artifactUri';

/** `<root>/<experiment_id>/<run_id>/artifacts`, where a run's artifacts go below a root that is not its own. */
export function runLocationBelow(root: Location, run: Run): Location {
  const { experimentId, runId } = run.info;
  return appendToLocation(root, parseArtifactPath(`${experimentId}/${runId}/artifacts`));
}

/** Whether a location has the only shape that mlstow ever records for this run. */
function belongsTo(location: Location, run: Run): boolean {
  const tail = `${run.info.experimentId}/${run.info.runId}/artifacts`;
  return location.path === tail || location.path.endsWith(`/${tail}`);
}

/**
 * The location that the run's tag records. A tag of another shape was not written by mlstow: it is ignored with a
 * warning and never deleted.
 */
export function taggedLocation(run: Run, warn: (message: string) => void): Location | undefined {
  const value = run.tags[ARTIFACT_URI_TAG];
  if (value === undefined) return undefined;
  const location = parseTag(value);
  if (location && belongsTo(location, run)) return location;
  warn(
    `run ${run.info.runId} carries a tag ${ARTIFACT_URI_TAG} whose path does not end in /<experiment_id>/<run_id>/artifacts; it is ignored`,
  );
  return undefined;
}

function parseTag(value: string): Location | undefined {
  try {
    return parseLocation(value);
  } catch (thrown) {
    if (thrown instanceof Failure) return undefined;
    throw thrown;
  }
}

/**
 * Where a run's artifacts go when the process has an artifact root of its own: the run's own URI when it lies below
 * that root, else a folder of the run below the root.
 * @throws Failure conflict when the run already records another place
 */
export function locationUnderRoot(
  run: Run,
  own: Location,
  root: Location,
  warn: (message: string) => void,
): { readonly location: Location; readonly own: boolean; readonly uri: string } {
  if (isBelow(own, root)) return { location: own, own: true, uri: run.info.artifactUri };
  const location = runLocationBelow(root, run);
  const recorded = taggedLocation(run, warn);
  if (recorded && formatLocation(recorded) !== formatLocation(location)) {
    throw new Failure({
      kind: 'conflict',
      message: `run ${run.info.runId} already has artifacts at ${recorded.redacted}, MLFLOW_ARTIFACT_URI would put new ones at ${location.redacted}`,
      hint: 'set MLFLOW_ARTIFACT_URI to the root used before, or unset it to write to the run itself',
      subject: run.info.runId,
      settings: ['artifacts.uri'],
    });
  }
  return { location, own: false, uri: formatLocation(location) };
}
