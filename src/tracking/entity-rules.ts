import { posix } from 'node:path';
import { Failure } from '../core/failure.ts';
import type { Tags } from './entities.ts';

const MAX_EXPERIMENT_NAME = 500;
const MAX_KEY = 250;
const MAX_EXPERIMENT_TAG_VALUE = 20_000;
const MAX_RUN_TAG_VALUE = 8_000;
/** Default of MLFLOW_ARTIFACT_LOCATION_MAX_LENGTH. */
const MAX_LOCATION = 2_048;
const KEY = /^[/\p{L}\p{N}_.\- :]*$/u;

export const RUN_NAME_TAG = 'mlflow.runName';

function invalid(message: string, subject: string, hint?: string): Failure {
  return new Failure({ kind: 'invalid', message, subject, ...(hint === undefined ? {} : { hint }) });
}

function assertLength(what: string, value: string, limit: number): void {
  if (value.length > limit) {
    throw invalid(`the ${what} has ${value.length} characters; MLflow allows ${limit}`, what);
  }
}

/** A key that the file store could use as a path below its folder, which MLflow asks for everywhere. */
function isUniquePath(key: string): boolean {
  const normal = posix.normalize(key).replace(/(?<=.)\/$/, '');
  return normal === key && key !== '.' && !key.startsWith('..') && !key.startsWith('/');
}

/** mlflow.utils.validation._validate_tag_name. @throws Failure invalid */
export function assertTagKey(key: string): void {
  if (!KEY.test(key)) {
    throw invalid(
      `the tag key ${JSON.stringify(key)} holds a character that MLflow refuses`,
      key,
      'use letters, digits, underscores, dashes, periods, spaces, colons and slashes',
    );
  }
  if (!isUniquePath(key)) {
    throw invalid(
      `the tag key ${JSON.stringify(key)} does not name itself when read as a path`,
      key,
      'leave out leading, trailing and doubled slashes and the names . and ..',
    );
  }
  assertLength('tag key', key, MAX_KEY);
}

/** @throws Failure invalid for a blank or too long name */
export function assertExperimentName(name: string): void {
  if (name.trim() === '') throw invalid('an experiment name may not be empty', 'experiment name');
  assertLength('experiment name', name, MAX_EXPERIMENT_NAME);
}

/** @throws Failure invalid */
export function assertExperimentTags(tags: Tags): void {
  for (const [key, value] of Object.entries(tags)) {
    assertTagKey(key);
    assertLength(`value of the tag ${key}`, value, MAX_EXPERIMENT_TAG_VALUE);
  }
}

/** @throws Failure invalid */
export function assertLocationLength(location: string): void {
  assertLength('artifact location', location, MAX_LOCATION);
}

/**
 * Checks a run's tag and gives the value to store: MLflow cuts long values with a warning
 * (MLFLOW_TRUNCATE_LONG_VALUES), told through `notify`.
 * @throws Failure invalid for a key that MLflow refuses
 */
export function runTagValue(key: string, value: string, notify: (message: string) => void): string {
  assertTagKey(key);
  if (value.length <= MAX_RUN_TAG_VALUE) return value;
  notify(`the value of the tag ${key} was cut from ${value.length} to ${MAX_RUN_TAG_VALUE} characters`);
  return value.slice(0, MAX_RUN_TAG_VALUE);
}

/**
 * The name that a run asks for, by argument or by tag.
 * @throws Failure invalid when the two differ
 */
export function requestedRunName(runName: string | undefined, tags: Tags): string | undefined {
  const tagged = tags[RUN_NAME_TAG];
  if (runName && tagged && runName !== tagged) {
    throw invalid(
      `the run name ${JSON.stringify(runName)} and the tag ${RUN_NAME_TAG} ${JSON.stringify(tagged)} differ`,
      RUN_NAME_TAG,
      'give only one of them',
    );
  }
  return runName || tagged || undefined;
}

/** The failure for a tag that an experiment does not have. */
export function noExperimentTag(experimentId: string, key: string): Failure {
  return new Failure({
    kind: 'not-found',
    message: `experiment ${experimentId} has no tag ${JSON.stringify(key)}`,
    hint: `see its tags: mlstow experiments get -x ${experimentId}`,
    subject: key,
  });
}
