import { Failure } from '../../core/failure.ts';
import type { FailureFacts } from '../../core/failure.ts';

/** Result codes of SQLite (https://sqlite.org/rescode.html), primary ones in the low byte. */
export const BUSY = 5;
const LOCKED = 6;
const CONSTRAINT = 19;
const UNIQUE = 2067;
const PRIMARY_KEY = 1555;

type Verdict = Pick<FailureFacts, 'kind' | 'message' | 'retry' | 'hint'>;

const VERDICTS: Readonly<Record<number, Verdict>> = {
  [BUSY]: {
    kind: 'unavailable',
    message: 'the database stayed locked by another process',
    retry: 'exhausted',
    hint: 'wait until the other writer is done and try again',
  },
  [LOCKED]: { kind: 'unavailable', message: 'a table is locked', retry: 'later' },
  3: { kind: 'denied', message: 'access to the database is denied' },
  8: {
    kind: 'denied',
    message: 'the database is read-only',
    hint: 'check the permissions of the file and of its folder',
  },
  10: { kind: 'unavailable', message: 'the disk gave an error', retry: 'later' },
  11: { kind: 'corrupt', message: 'the database file is damaged', hint: 'restore it from a backup' },
  13: { kind: 'no-space', message: 'the disk is full' },
  14: {
    kind: 'denied',
    message: 'the database file cannot be opened',
    hint: 'check the permissions of the file and of its folder',
  },
  23: { kind: 'denied', message: 'access to the database is denied' },
  26: {
    kind: 'corrupt',
    message: 'the file is not a SQLite database',
    hint: 'check the path of the tracking URI',
  },
};

/** The extended result code of an error that the driver threw. */
export function resultCode(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('errcode' in thrown)) return undefined;
  return typeof thrown.errcode === 'number' ? thrown.errcode : undefined;
}

/** Whether another process holds a lock that we wait for. */
export function isBusy(thrown: unknown): boolean {
  const code = resultCode(thrown);
  return code !== undefined && (code & 0xff) === BUSY;
}

function verdictOf(code: number, text: string): Verdict {
  if (code === UNIQUE || code === PRIMARY_KEY) return { kind: 'exists', message: text };
  const primary = code & 0xff;
  if (primary === CONSTRAINT) return { kind: 'invalid', message: text };
  return VERDICTS[primary] ?? { kind: 'internal', message: text };
}

/** An error of the driver as a Failure, by SQLite's result code. */
export function sqliteFailure(thrown: unknown, subject: string): Failure {
  if (thrown instanceof Failure) return thrown;
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  const code = resultCode(thrown);
  if (code === undefined) {
    return new Failure({ kind: 'internal', message: `${subject}: ${text}`, subject }, thrown);
  }
  const verdict = verdictOf(code, text);
  return new Failure(
    { ...verdict, message: `${subject}: ${verdict.message}`, subject, vendor: { code: String(code) } },
    thrown,
  );
}
