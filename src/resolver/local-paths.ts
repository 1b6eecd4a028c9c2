import { realpath } from 'node:fs/promises';
import { basename, dirname, isAbsolute, join, relative, resolve, sep } from 'node:path';

/** Whether an absolute path is a folder or below it, by whole names; links are not followed. */
export function isBelowFolder(path: string, folder: string): boolean {
  const way = relative(resolve(folder), path);
  return way === '' || (way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way));
}

/** A path without links. */
export interface RealPath {
  readonly path: string;
  readonly exists: boolean;
}

/**
 * Where an absolute path really is: links in the part that exists are followed. Undefined when that cannot be known
 * (no permission, links in a circle).
 */
export async function realPathOf(path: string): Promise<RealPath | undefined> {
  const missing: string[] = [];
  for (let at = path; ; at = dirname(at)) {
    try {
      return { path: join(await realpath(at), ...missing), exists: missing.length === 0 };
    } catch (thrown) {
      const { code } = thrown as NodeJS.ErrnoException;
      if (code !== 'ENOENT' && code !== 'ENOTDIR') return undefined;
    }
    missing.unshift(basename(at));
  }
}
