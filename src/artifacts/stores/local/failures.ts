import { Failure, type FailureKind, type Retry } from '../../../core/failure.ts';

interface Meaning {
  readonly kind: FailureKind;
  readonly says: string;
  readonly hint?: string;
  readonly retry?: Retry;
}

const later = (says: string, hint?: string): Meaning => ({
  kind: 'unavailable',
  says,
  retry: 'later',
  ...(hint === undefined ? {} : { hint }),
});
const noSpace = (says: string): Meaning => ({
  kind: 'no-space',
  says,
  hint: 'free some space and run it again',
});
const denied = (says: string): Meaning => ({
  kind: 'denied',
  says,
  hint: 'check who owns the directory and how it is mounted',
});

/** What each errno means (errno(3)); those of network file systems may pass. */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  ENOENT: { kind: 'not-found', says: 'it is not there' },
  EACCES: denied('permission denied'),
  EPERM: denied('operation not permitted'),
  EROFS: denied('the file system is read-only'),
  ELOOP: denied('it is a link, or links lead in a circle'),
  ENOSPC: noSpace('no space is left on the device'),
  EDQUOT: noSpace('the disk quota is used up'),
  EFBIG: { kind: 'too-large', says: 'the file system does not hold files of that size' },
  EISDIR: { kind: 'wrong-kind', says: 'it is a directory' },
  ENOTDIR: { kind: 'wrong-kind', says: 'a part of the path is not a directory' },
  ENXIO: { kind: 'wrong-kind', says: 'it is not a file' },
  EEXIST: { kind: 'exists', says: 'it is there already' },
  ENOTEMPTY: { kind: 'conflict', says: 'the directory is not empty' },
  ENAMETOOLONG: { kind: 'invalid', says: 'the name is too long for the file system' },
  EILSEQ: { kind: 'invalid', says: 'the file system does not take this name' },
  EINVAL: { kind: 'invalid', says: 'the file system does not take this name' },
  EMFILE: later('too many files are open', 'lower --workers or raise the limit of open files (ulimit -n)'),
  ENFILE: later('too many files are open on this machine'),
  EAGAIN: later('the file system is busy'),
  EBUSY: later('it is in use'),
  EINTR: later('the call was interrupted'),
  EIO: later('the device failed'),
  ESTALE: later('the mount forgot the file (stale handle)'),
  ETIMEDOUT: later('the mount does not answer'),
  EHOSTDOWN: later('the host of the mount is down'),
  ENOTCONN: later('the mount is not connected'),
};

export function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Error && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : undefined;
}

/** Whether a call failed because nothing is at a path. */
export function isAbsent(thrown: unknown): boolean {
  const code = codeOf(thrown);
  return code === 'ENOENT' || code === 'ENOTDIR';
}

/** A failed system call as a Failure; `doing` is a phrase such as "reading". A Failure stays as it is. */
export function localFailure(thrown: unknown, doing: string, subject: string): Failure {
  if (thrown instanceof Failure) return thrown;
  const code = codeOf(thrown);
  const { says, ...facts } = MEANINGS[code ?? ''] ?? {
    kind:
      thrown instanceof Error && thrown.name === 'AbortError'
        ? ('cancelled' as const)
        : ('internal' as const),
    says: thrown instanceof Error ? thrown.message : String(thrown),
  };
  const message = `${doing} ${subject} failed: ${says}`;
  return new Failure(
    { ...facts, message, subject, ...(code === undefined ? {} : { vendor: { code } }) },
    thrown,
  );
}
