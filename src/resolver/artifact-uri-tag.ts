import { isAbsolute } from 'node:path';
import { parseArtifactPath } from '../core/artifact-path.ts';
import { Failure } from '../core/failure.ts';
import { appendToLocation, type Location, parseLocation } from '../core/location.ts';
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
  const { scheme, path } = location;
  if (scheme === 'runs' || scheme === 'models') return false;
  if (scheme === 'file' && !isAbsolute(path)) return false;
  const tail = `${run.info.experimentId}/${run.info.runId}/artifacts`;
  return path === tail || path.endsWith(`/${tail}`);
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
    `run ${run.info.runId} carries a tag ${ARTIFACT_URI_TAG} that is not a location ending in /<experiment_id>/<run_id>/artifacts; it is ignored`,
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

/** The failure for a run whose artifacts would end up in three places. */
export function conflictingPlace(run: Run, recorded: Location, wanted: Location): Failure {
  return new Failure({
    kind: 'conflict',
    message: `run ${run.info.runId} already has artifacts at ${recorded.redacted}, MLFLOW_ARTIFACT_URI would put new ones at ${wanted.redacted}`,
    hint: 'set MLFLOW_ARTIFACT_URI to the root used before, or unset it to write to the run itself',
    subject: run.info.runId,
    settings: ['artifacts.uri'],
  });
}
