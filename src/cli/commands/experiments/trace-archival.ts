import { Failure } from '../../../core/failure.ts';

/** MLflow keeps the archival policy of traces in these experiment tags (mlflow.tracing.constant.TraceExperimentTagKey). */
export const ARCHIVAL_RETENTION_TAG = 'mlflow.trace.archivalRetention';
export const ARCHIVE_NOW_TAG = 'mlflow.trace.archiveNow';

const DURATION = /^[1-9][0-9]*[mhd]$/;
const MAX_LENGTH = 32;

/** Reads a duration such as `30d` or `12h`, as mlflow does. @throws Failure usage */
export function readArchivalDuration(given: string, flag: string): string {
  const trimmed = given.trim();
  if (trimmed.length <= MAX_LENGTH && DURATION.test(trimmed)) return trimmed;
  throw new Failure({
    kind: 'usage',
    message: `${flag} ${given} is not a duration`,
    hint: 'write a whole number and m, h or d, such as 30d or 12h',
    subject: flag,
  });
}

/** The value of the retention tag, letter for letter as mlflow writes it. */
export function retentionTagValue(duration: string): string {
  return `{"type": "duration", "value": "${duration}"}`;
}

/** The value of the archive-now tag, letter for letter as mlflow writes it. */
export function archiveNowTagValue(olderThan?: string): string {
  return olderThan === undefined ? '{}' : `{"older_than": "${olderThan}"}`;
}
