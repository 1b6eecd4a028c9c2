import { Failure } from '../../core/failure.ts';

/** What keeps a file or folder of this machine from being read, as a Failure that names it. */
export function unwalkable(thrown: unknown, file: string): Failure {
  const { code } = thrown as NodeJS.ErrnoException;
  if (code === 'ENOENT') {
    return new Failure({ kind: 'not-found', message: `${file} does not exist`, subject: file }, thrown);
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new Failure({ kind: 'denied', message: `${file} may not be read`, subject: file }, thrown);
  }
  if (code === 'ELOOP') {
    return new Failure(
      { kind: 'invalid', message: `${file} is a link that leads to itself`, subject: file },
      thrown,
    );
  }
  if (code === 'ENAMETOOLONG') {
    return new Failure(
      {
        kind: 'invalid',
        message: `${file} has a path that is longer than this system takes`,
        hint: 'change to a folder further down and log from there',
        subject: file,
      },
      thrown,
    );
  }
  return new Failure(
    { kind: 'unavailable', message: `${file} cannot be read (${code ?? 'unknown error'})`, subject: file },
    thrown,
  );
}
