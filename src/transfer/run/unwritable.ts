import { Failure, type FailureKind } from '../../core/failure.ts';

interface Trouble {
  readonly kind: FailureKind;
  readonly says: (file: string) => string;
  readonly hint?: string;
}

const ELSEWHERE = 'choose another folder with -d';
const FULL: Trouble = {
  kind: 'no-space',
  says: (file) => `there is no space left for ${file}`,
  hint: `free some, or ${ELSEWHERE}`,
};
const FORBIDDEN: Trouble = { kind: 'denied', says: (file) => `${file} may not be written`, hint: ELSEWHERE };
const A_FILE_ABOVE: Trouble = {
  kind: 'exists',
  says: (file) => `a file is where ${file} needs a folder`,
  hint: `remove it, or ${ELSEWHERE}`,
};
const A_FOLDER: Trouble = {
  kind: 'exists',
  says: (file) => `${file} is a folder where a file is needed`,
  hint: `remove it, or ${ELSEWHERE}`,
};

const TROUBLES: Readonly<Record<string, Trouble>> = {
  ENOSPC: FULL,
  EDQUOT: FULL,
  EACCES: FORBIDDEN,
  EPERM: FORBIDDEN,
  EROFS: FORBIDDEN,
  EEXIST: A_FILE_ABOVE,
  ENOTDIR: A_FILE_ABOVE,
  EISDIR: A_FOLDER,
  ENOTEMPTY: A_FOLDER,
  ENAMETOOLONG: { kind: 'invalid', says: (file) => `${file} is too long a name for this file system` },
  EFBIG: { kind: 'too-large', says: (file) => `${file} is larger than its file system allows` },
};

/** Why a file or folder cannot be written on this machine. */
export function unwritable(thrown: unknown, file: string): Failure {
  if (thrown instanceof Failure) return thrown;
  const { code } = thrown as NodeJS.ErrnoException;
  const trouble = code === undefined ? undefined : TROUBLES[code];
  const { kind, says, hint } = trouble ?? {
    kind: 'unavailable',
    says: () => `${file} cannot be written (${code ?? 'unknown error'})`,
  };
  return new Failure(
    {
      kind,
      message: says(file),
      subject: file,
      ...(hint === undefined ? {} : { hint }),
      ...(code === undefined ? {} : { vendor: { code } }),
    },
    thrown,
  );
}
