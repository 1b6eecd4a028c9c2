import { Failure } from '../../../core/failure.ts';
import { codeOf, connectionFailure } from '../../../net/connection-failure.ts';
import { serverFailure, VERDICTS, type Verdict } from '../servers/verdict.ts';
import type { PostgresTarget } from './postgres-target.ts';

/** SQLSTATEs (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
const STATES: Readonly<Record<string, Verdict>> = {
  '28P01': VERDICTS.badLogin,
  '28000': VERDICTS.badLogin,
  '3D000': VERDICTS.noDatabase,
  '42501': VERDICTS.forbidden,
  '25006': VERDICTS.readOnly,
  '40001': VERDICTS.collided,
  '40P01': VERDICTS.collided,
  '23505': VERDICTS.taken,
  '55P03': VERDICTS.locked,
  '57014': VERDICTS.tooSlow,
  '53300': VERDICTS.crowded,
  '53100': VERDICTS.full,
  '42P01': VERDICTS.otherSchema,
  '42703': VERDICTS.otherSchema,
};

/** Where no state of its own is known, the class decides. */
const CLASSES: Readonly<Record<string, Verdict>> = {
  '08': VERDICTS.away,
  '22': VERDICTS.rejected,
  '23': VERDICTS.rejected,
  '28': VERDICTS.badLogin,
  '53': VERDICTS.crowded,
  '57': VERDICTS.away,
  '58': VERDICTS.away,
};

const NAMES = {
  caFile: 'sslrootcert in the tracking URI',
  verifyTls: 'sslmode=require',
  clientCertFile: 'sslcert and sslkey in the tracking URI',
  timeout: 'connect_timeout in the tracking URI (seconds)',
};

/** An error of the driver or of its connection as a Failure, by SQLSTATE or code. */
export function postgresFailure(thrown: unknown, target: PostgresTarget): Failure {
  if (thrown instanceof Failure) return thrown;
  const { label, host, connectMs } = target;
  const code = codeOf(thrown);
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  // Also a state of five letters, such as EPIPE, is none when the server did not send it.
  if (thrown instanceof Error && 'severity' in thrown) {
    const verdict = STATES[code] ?? CLASSES[code.slice(0, 2)] ?? { kind: 'internal' as const };
    return serverFailure(verdict, { label, code, text }, thrown);
  }
  if (code === '')
    return new Failure({ kind: 'internal', message: `${label}: ${text}`, subject: label }, thrown);
  return connectionFailure(thrown, { subject: label, host, reached: false, connectMs, names: NAMES });
}
