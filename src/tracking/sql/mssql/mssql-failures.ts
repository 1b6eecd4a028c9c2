import { Failure } from '../../../core/failure.ts';
import { codeOf, connectionFailure } from '../../../net/connection-failure.ts';
import { serverFailure, VERDICTS, type Verdict } from '../servers/verdict.ts';
import type { MssqlTarget } from './mssql-target.ts';

const each = (verdict: Verdict, ...numbers: readonly number[]): readonly (readonly [number, Verdict])[] =>
  numbers.map((number) => [number, verdict] as const);

/** Numbers of the engine (https://learn.microsoft.com/en-us/sql/relational-databases/errors-events/database-engine-events-and-errors). */
const NUMBERS: ReadonlyMap<number, Verdict> = new Map([
  ...each(VERDICTS.badLogin, 18_452, 18_456, 18_470, 18_486, 18_487, 18_488),
  ...each(VERDICTS.noDatabase, 911, 4060),
  ...each(VERDICTS.forbidden, 229, 230, 262, 297, 300, 916),
  ...each(VERDICTS.readOnly, 3906, 978),
  ...each(VERDICTS.collided, 1205, 3960),
  ...each(VERDICTS.taken, 2601, 2627),
  ...each(VERDICTS.locked, 1222),
  ...each(VERDICTS.crowded, 10_928, 10_929, 17_809, 40_501, 49_918, 49_919, 49_920),
  ...each(VERDICTS.away, 40_197, 40_613, 6005, 596, 983),
  ...each(VERDICTS.full, 1101, 1105, 9002),
  ...each(VERDICTS.rejected, 515, 547, 2628, 8152, 8115),
  ...each(VERDICTS.otherSchema, 207, 208),
]);

/** The driver's own codes (tedious, src/connection.ts). */
const CODES: Readonly<Record<string, Verdict>> = {
  ELOGIN: VERDICTS.badLogin,
  ETIMEOUT: { kind: 'timeout', retry: 'later', hint: 'check host and port in the tracking URI' },
  ESOCKET: VERDICTS.away,
  ECLOSE: VERDICTS.away,
  ECONNCLOSED: VERDICTS.away,
  EINSTLOOKUP: {
    kind: 'unavailable',
    retry: 'later',
    hint: 'name the port in place of the instance: HOST:1433',
  },
};

const NAMES = {
  caFile: '--ca-file',
  verifyTls: 'TrustServerCertificate=yes in the tracking URI',
  timeout: 'MLFLOW_HTTP_REQUEST_TIMEOUT (in seconds)',
};

function numberOf(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('number' in thrown)) return undefined;
  return typeof thrown.number === 'number' ? thrown.number : undefined;
}

/** The error of the socket; where a name has several addresses, that of the last one tried. */
function belowOf(thrown: unknown): unknown {
  const cause = thrown instanceof Error ? thrown.cause : undefined;
  return cause instanceof AggregateError ? (cause.errors as readonly unknown[]).at(-1) : cause;
}

/** An error of the driver or of its connection as a Failure, by number or code; of a socket by what lies below. */
export function mssqlFailure(thrown: unknown, target: MssqlTarget): Failure {
  if (thrown instanceof Failure) return thrown;
  const { label, host, connectMs } = target;
  const code = codeOf(thrown);
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const number = numberOf(thrown);
  if (number !== undefined && NUMBERS.has(number)) {
    return serverFailure(
      NUMBERS.get(number) ?? { kind: 'internal' },
      { label, code: String(number), text },
      thrown,
    );
  }
  const below = belowOf(thrown);
  if (code === 'ESOCKET' && codeOf(below) !== '') {
    return connectionFailure(below, { subject: label, host, reached: false, connectMs, names: NAMES });
  }
  return serverFailure(
    CODES[code] ?? { kind: 'internal' },
    { label, code: String(number ?? code), text },
    thrown,
  );
}
