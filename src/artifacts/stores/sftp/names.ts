import type { Under } from '../../../core/artifact-path.ts';
import { isTemporary } from '../../temporaries.ts';

/** The longest file name that common file systems hold, in bytes (NAME_MAX). */
const NAME_MAX = 255;

/** Whether a path leads to or through an unfinished file: to us nothing is there. */
export function isHidden(path: Under): boolean {
  return path.split('/').some(isTemporary);
}

/** Why a folder on a server cannot hold a path. */
export function refusalOf(path: Under): string | undefined {
  for (const name of path.split('/')) {
    if (isTemporary(name)) return `the name ${JSON.stringify(name)} is kept for unfinished files`;
    const bytes = Buffer.byteLength(name);
    if (bytes > NAME_MAX)
      return `a name of ${bytes} bytes is longer than the ${NAME_MAX} that file systems hold`;
  }
  return undefined;
}
