import { Failure, type FailureFacts } from '../../../core/failure.ts';
import { redactUri } from '../../../core/redact.ts';

/** What a vendor's code means. Without a message the server's own words are shown. */
export type Verdict = Pick<FailureFacts, 'kind'> &
  Partial<Pick<FailureFacts, 'message' | 'hint' | 'retry' | 'retryAfterMs'>>;

const CREDENTIALS = 'check user and password in the tracking URI; reserved characters are escaped (@ as %40)';

/** What every database server can say, whatever its codes. */
export const VERDICTS = {
  badLogin: { kind: 'unauthenticated', hint: CREDENTIALS },
  noDatabase: { kind: 'not-found', hint: 'check the name of the database at the end of the tracking URI' },
  forbidden: {
    kind: 'denied',
    hint: 'ask the administrator of the database for this right, or use another user in the tracking URI',
  },
  readOnly: {
    kind: 'denied',
    message: 'the server takes no writes',
    hint: 'it may be a replica or full: name the primary server in the tracking URI',
  },
  collided: { kind: 'conflict', message: 'another transaction was in the way', retry: 'later' },
  taken: { kind: 'exists', retry: 'later' },
  locked: {
    kind: 'unavailable',
    message: 'another transaction held a lock for too long',
    retry: 'later',
    hint: 'wait until the other writer is done and try again',
  },
  tooSlow: { kind: 'timeout', message: 'the server ended a statement that took too long', retry: 'never' },
  crowded: {
    kind: 'throttled',
    message: 'the server has no connection to spare',
    retry: 'later',
    hint: 'try again later, or raise the number of connections that the server allows',
  },
  away: {
    kind: 'unavailable',
    retry: 'later',
    hint: 'check that the database server runs, and its log',
  },
  full: { kind: 'no-space', hint: 'make room on the database server' },
  rejected: { kind: 'invalid' },
  otherSchema: {
    kind: 'misconfigured',
    hint: 'check that the tracking URI names a database of MLflow whose migration is complete (mlflow db upgrade)',
  },
} as const satisfies Readonly<Record<string, Verdict>>;

/** A server's error as a Failure. */
export function serverFailure(
  verdict: Verdict,
  told: { readonly label: string; readonly code: string; readonly text: string },
  cause: unknown,
): Failure {
  const { label, code, text } = told;
  const words = redactUri(text).trim().replace(/\.$/, '');
  return new Failure(
    { ...verdict, message: `${label}: ${verdict.message ?? words}`, subject: label, vendor: { code } },
    cause,
  );
}
