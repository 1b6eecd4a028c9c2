import { Failure } from '../core/failure.ts';
import type { ModelVersion } from './entities.ts';

/** A version whose row is kept but that MLflow treats as gone. */
export const DELETED_STAGE = 'Deleted_Internal';

const STAGES: readonly string[] = ['None', 'Staging', 'Production', 'Archived'];

/** MLflow's spelling of a stage, whatever the case. @throws Failure invalid for an unknown one */
export function canonicalStage(stage: string): string {
  const found = STAGES.find((known) => known.toLowerCase() === stage.toLowerCase());
  if (found !== undefined) return found;
  throw new Failure({
    kind: 'invalid',
    message: `${JSON.stringify(stage)} is not a stage of MLflow`,
    subject: stage,
    hint: `use one of ${STAGES.join(', ')}, or latest`,
  });
}

/** Whether a name stands for the newest version of all stages. */
export function isLatest(name: string): boolean {
  return name.toLowerCase() === 'latest';
}

/** No version answers to this. */
export function noVersion(name: string, what: string): Failure {
  return new Failure({
    kind: 'not-found',
    message: `the registered model ${JSON.stringify(name)} has no ${what}`,
    subject: name,
    hint: 'check the name, the version, the alias and the tracking URI',
  });
}

/** Where a version's files are: its storage location, else its source. */
export function versionUri(version: ModelVersion): string {
  return version.storageLocation || version.source;
}
