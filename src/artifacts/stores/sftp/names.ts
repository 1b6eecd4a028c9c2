import { randomBytes } from 'node:crypto';
import type { Under } from '../../../core/artifact-path.ts';

/** MLflow's prefix of unfinished files (`_TEMP_ARTIFACT_PREFIX` in local_artifact_repo.py); such a folder may be served by it. */
const UNFINISHED = '.artifact.uploading.';
/** The longest file name that common file systems hold, in bytes (NAME_MAX). */
const NAME_MAX = 255;

/** A name for an unfinished file, used by nobody else. */
export function temporaryName(): string {
  return `${UNFINISHED}mlstow-${randomBytes(8).toString('hex')}`;
}

/** Whether a name is that of an unfinished file, ours or MLflow's. */
export function isTemporary(name: string): boolean {
  return name.startsWith(UNFINISHED);
}

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
