import { asFailure, Failure, type FailureKind } from '../../../../../core/failure.ts';

const KINDS: Readonly<Record<string, FailureKind>> = {
  ENOENT: 'not-found',
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
  EFBIG: 'too-large',
};

/** Trouble with a file of this machine. */
export function localFailure(thrown: unknown, file: string): Failure {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined;
  if (thrown instanceof Failure || code === undefined) return asFailure(thrown, file);
  const kind = KINDS[code] ?? 'unavailable';
  const message = `${file} cannot be read or written (${code})`;
  return new Failure({ kind, message, subject: file, vendor: { code } }, thrown);
}
