import { mkdir, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import type { Under } from '../core/artifact-path.ts';
import { Failure } from '../core/failure.ts';

/**
 * Makes the folder `path` below `root` and proves that it really lies there: a link on the way that leads elsewhere is
 * refused, so that a listing can never write outside of the folder the user named.
 * @returns its path
 * @throws Failure refused, exists (a file is in the way), denied, no-space
 */
export async function containedFolder(root: string, path: Under): Promise<string> {
  const folder = path === '' ? root : join(root, path);
  await refuseOutside(root, path);
  await mkdir(folder, { recursive: true }).catch((thrown: unknown) => {
    throw unmakeable(thrown, folder);
  });
  return folder;
}

async function refuseOutside(root: string, path: Under): Promise<void> {
  const real = await realpath(root);
  let at = root;
  for (const segment of path === '' ? [] : path.split('/')) {
    at = join(at, segment);
    const target = await realpath(at).catch(() => undefined);
    if (target === undefined) return;
    const way = relative(real, target);
    if (way === '..' || way.startsWith(`..${sep}`) || isAbsolute(way)) {
      throw new Failure({
        kind: 'refused',
        message: `${at} is a link that leads out of ${root}, nothing is written through it`,
        hint: 'remove the link or download into another folder with -d',
        subject: at,
      });
    }
  }
}

function unmakeable(thrown: unknown, folder: string): Failure {
  const { code } = thrown as NodeJS.ErrnoException;
  if (code === 'EEXIST' || code === 'ENOTDIR') {
    return new Failure(
      { kind: 'exists', message: `${folder} is a file where a folder is needed`, subject: folder },
      thrown,
    );
  }
  return unwritable(thrown, folder);
}

/** Why something cannot be written on this machine. */
export function unwritable(thrown: unknown, file: string): Failure {
  const { code } = thrown as NodeJS.ErrnoException;
  const vendor = code === undefined ? {} : { vendor: { code } };
  switch (code) {
    case 'ENOSPC':
    case 'EDQUOT':
      return new Failure(
        {
          kind: 'no-space',
          message: `there is no space left for ${file}`,
          hint: 'free some, or choose another folder with -d',
          subject: file,
          ...vendor,
        },
        thrown,
      );
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return new Failure(
        {
          kind: 'denied',
          message: `${file} may not be written`,
          hint: 'choose another folder with -d',
          subject: file,
          ...vendor,
        },
        thrown,
      );
    case 'EISDIR':
      return new Failure(
        { kind: 'exists', message: `${file} is a folder where a file is needed`, subject: file, ...vendor },
        thrown,
      );
    case 'ENAMETOOLONG':
      return new Failure(
        {
          kind: 'invalid',
          message: `${file} is too long a name for this file system`,
          subject: file,
          ...vendor,
        },
        thrown,
      );
    default:
      return new Failure(
        {
          kind: 'unavailable',
          message: `${file} cannot be written (${code ?? 'unknown error'})`,
          subject: file,
          ...vendor,
        },
        thrown,
      );
  }
}
