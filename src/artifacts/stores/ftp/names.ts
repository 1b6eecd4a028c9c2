import type { ArtifactPath, Under } from '../../../core/artifact-path.ts';
import { isTemporary } from '../../temporaries.ts';

/** The longest file name that common file systems hold, in bytes (NAME_MAX). */
const NAME_MAX = 255;

/** Whether a path leads to or through an unfinished file: to us nothing is there. */
export function isHidden(path: Under): boolean {
  return path.split('/').some(isTemporary);
}

function refusalOfName(name: string): string | undefined {
  if (isTemporary(name)) return `the name ${JSON.stringify(name)} is kept for unfinished files`;
  const bytes = Buffer.byteLength(name);
  if (bytes > NAME_MAX)
    return `a name of ${bytes} bytes is longer than the ${NAME_MAX} that file systems hold`;
  if (name.includes('\uFFFD')) return 'a name with U+FFFD cannot be told from one that is not UTF-8';
  // Servers cut blanks off the end of a command, and lists put one in front of a name.
  if (name.trim() !== name) return 'FTP servers do not keep blanks at the ends of a name';
  return undefined;
}

/** Why an FTP server cannot be trusted to hold a path under exactly that name. */
export function refusalOf(path: ArtifactPath): string | undefined {
  for (const name of path.split('/')) {
    const reason = refusalOfName(name);
    if (reason !== undefined) return reason;
  }
  return undefined;
}
