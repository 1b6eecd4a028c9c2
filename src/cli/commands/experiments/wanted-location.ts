import { randomBytes } from 'node:crypto';
import { describeOrigin } from '../../../config/origin.ts';
import { parseArtifactPath } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import {
  appendToLocation,
  formatLocation,
  localAmbiguity,
  parseLocation,
  type Location,
} from '../../../core/location.ts';
import { redactUri } from '../../../core/redact.ts';
import type { Session } from '../../../session/session.ts';
import { absoluteIfLocal } from '../../../tracking/locations.ts';

/** Where the artifacts of a new experiment shall go. */
export interface WantedLocation {
  /** As it is stored; it may hold a password. */
  readonly uri: string;
  /** Absolute, if it is a local path. */
  readonly location: Location;
  /** As it was given, perhaps relative: what the rule of where artifacts may go looks at. */
  readonly given: Location;
  /** `flag`: the user named this very place. `root`: it was made up below MLFLOW_ARTIFACT_URI. */
  readonly from: 'flag' | 'root';
}

const PASSWORD = /^[^/]*:[^/]*@/;

function checked(uri: string, session: Session): Location {
  const location = parseLocation(uri);
  if (location.scheme === 'runs' || location.scheme === 'models') {
    throw new Failure({
      kind: 'invalid',
      message: `${location.redacted} names artifacts of a ${location.scheme === 'runs' ? 'run' : 'model'}, not a place for new ones`,
      hint: 'give the location of a store, such as s3://bucket/path',
      subject: location.redacted,
    });
  }
  const limit = session.config.get('artifacts.locationMaxLength');
  const length = Array.from(uri).length;
  if (length > limit) {
    throw new Failure({
      kind: 'invalid',
      message: `the artifact location has ${length} characters; ${limit} are allowed`,
      subject: 'artifact location',
      settings: ['artifacts.locationMaxLength'],
    });
  }
  return location;
}

function warnAbout(uri: string, location: Location, session: Session): void {
  if (PASSWORD.test(location.authority)) {
    session.warn(
      `the artifact location ${location.redacted} holds a password: it is kept in the tracking store, where everyone who may read experiments sees it; leave it out and set it in the environment or in ~/.ssh, ~/.netrc instead`,
    );
  }
  const ambiguity = localAmbiguity(uri);
  if (ambiguity !== undefined)
    session.warn(`the artifact location ${uri} may not mean what it seems to: ${ambiguity}`);
}

function belowRoot(session: Session): WantedLocation | undefined {
  const root = session.config.resolved('artifacts.uri');
  if (root.value === undefined) return undefined;
  const origin = describeOrigin(root.origin);
  try {
    const folder = parseArtifactPath(randomBytes(16).toString('hex'));
    const given = appendToLocation(parseLocation(root.value), folder);
    const uri = absoluteIfLocal(formatLocation(given), session.world.cwd);
    const location = checked(uri, session);
    warnAbout(uri, location, session);
    return { uri, location, given, from: 'root' };
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.kind !== 'invalid') throw thrown;
    const message = `${thrown.message} (${origin})`;
    throw thrown.with({ kind: 'misconfigured', message, settings: ['artifacts.uri'] });
  }
}

/**
 * Where a new experiment's artifacts shall go: the location given, else a new folder below this process's artifact root,
 * else undefined, and the tracking store chooses. A relative path counts from the working directory, as in mlflow.
 * @throws Failure invalid, unsupported; misconfigured when MLFLOW_ARTIFACT_URI is malformed
 */
export function wantedLocation(asked: string | undefined, session: Session): WantedLocation | undefined {
  if (asked === undefined) return belowRoot(session);
  const given = parseLocation(asked);
  const uri = absoluteIfLocal(asked, session.world.cwd);
  const location = checked(uri, session);
  warnAbout(asked, location, session);
  return { uri, location, given, from: 'flag' };
}

/** Whether two artifact locations name the same place. */
export function isSamePlace(wanted: Location, recorded: string, cwd: string): boolean {
  try {
    return formatLocation(parseLocation(absoluteIfLocal(recorded, cwd))) === formatLocation(wanted);
  } catch (thrown) {
    if (thrown instanceof Failure) return false;
    throw thrown;
  }
}

/** The failure for an experiment that exists somewhere else than asked for. */
export function locationDiffers(
  name: string,
  experimentId: string,
  recorded: string,
  wanted: Location,
): Failure {
  return new Failure({
    kind: 'exists',
    message: `the experiment ${JSON.stringify(name)} exists with id ${experimentId} and the artifact location ${redactUri(recorded)}, not ${wanted.redacted}`,
    hint: 'leave --artifact-location out to use it as it is, or choose another name',
    subject: name,
  });
}
