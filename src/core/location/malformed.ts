import { Failure } from '../failure.ts';
import { redactUri } from '../redact.ts';

const SHOWN = 300;

/** The failure for an artifact URI that is not accepted, with its passwords hidden. */
export function malformed(uri: string, why: string, hint: string): Failure {
  const redacted = redactUri(uri);
  const subject = redacted.length > SHOWN ? `${redacted.slice(0, SHOWN)}…` : redacted;
  return new Failure({
    kind: 'invalid',
    message: `artifact location ${JSON.stringify(subject)} is not allowed: ${why}`,
    subject,
    hint,
  });
}
