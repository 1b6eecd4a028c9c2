import { Failure, type FailureFacts } from '../../../core/failure.ts';

type Meaning = Pick<FailureFacts, 'kind' | 'hint' | 'retry'> & { readonly says: string };

export const END_OF_FILE = 1;
const NO_SUCH_FILE = 2;
/** SSH_FX_FAILURE: whatever has no code of its own, such as a full disk, a name that is taken, a busy file. */
export const SOME_FAILURE = 4;

/** Status codes of version 3: https://datatracker.ietf.org/doc/html/draft-ietf-secsh-filexfer-02#section-7 */
const MEANINGS: Readonly<Record<number, Meaning>> = {
  [NO_SUCH_FILE]: { kind: 'not-found', says: 'it is not there' },
  3: { kind: 'denied', says: 'permission denied', hint: 'check who owns the directory on the server' },
  [SOME_FAILURE]: {
    kind: 'unavailable',
    says: 'the server failed and gave no reason',
    hint: 'SFTP has no code for a full disk, a quota or a busy file: look on the server',
  },
  5: { kind: 'invalid', says: 'the server does not take this name' },
  6: { kind: 'unavailable', says: 'the server lost its connection', retry: 'later' },
  7: { kind: 'unavailable', says: 'the server lost its connection', retry: 'later' },
  8: { kind: 'unsupported', says: 'the server does not know this request' },
};

/** The status code of an answer. */
export function statusOf(thrown: unknown): number | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'number'
    ? thrown.code
    : undefined;
}

/** Whether a request failed because nothing is at a path; a file on the way to it counts as nothing too. */
export function isAbsent(thrown: unknown): boolean {
  return statusOf(thrown) === NO_SUCH_FILE;
}

/** A refused request as a Failure; `doing` is a phrase such as "reading". A Failure stays as it is. */
export function sftpFailure(thrown: unknown, doing: string, subject: string): Failure {
  if (thrown instanceof Failure) return thrown;
  const code = statusOf(thrown);
  const name = thrown instanceof Error ? thrown.name : '';
  const stopped = name === 'AbortError' ? 'cancelled' : name === 'TimeoutError' ? 'timeout' : undefined;
  const { says, ...facts }: Meaning = MEANINGS[code ?? -1] ?? {
    kind: stopped ?? 'internal',
    says: thrown instanceof Error ? thrown.message : String(thrown),
  };
  const vendor = code === undefined ? {} : { vendor: { code: `SSH_FX ${code}` } };
  return new Failure(
    { ...facts, message: `${doing} ${subject} failed: ${says}`, subject, ...vendor },
    thrown,
  );
}
