import type { Under } from '../../../core/artifact-path.ts';
import { isTemporary as isOurTemporary } from '../../temporaries.ts';

/** What `hdfs dfs -put` appends while it copies (CommandWithDestination.java). */
const COPYING = '._COPYING_';
/** `dfs.namenode.fs-limits.max-component-length` unless an administrator changed it, in UTF-8 bytes. */
const NAME_MAX = 255;

/** Whether a name is that of an unfinished file: ours, MLflow's or the `hdfs` command's. */
export function isTemporary(name: string): boolean {
  return isOurTemporary(name) || name.endsWith(COPYING);
}

/** Whether a path leads to or through an unfinished file: to us nothing is there. */
export function isHidden(path: Under): boolean {
  return path.split('/').some(isTemporary);
}

/** Why HDFS cannot hold a name (`DFSUtilClient.isValidName`); undefined when it can. */
function nameTrouble(name: string): string | undefined {
  if (name.includes(':')) return `HDFS allows no ":" in a name, as in ${JSON.stringify(name)}`;
  if (name === '.snapshot' || name === '.reserved') return `the name "${name}" is HDFS's own`;
  if (isTemporary(name)) return `the name ${JSON.stringify(name)} is kept for unfinished files`;
  const bytes = Buffer.byteLength(name);
  return bytes > NAME_MAX ? `a name of ${bytes} bytes is longer than the ${NAME_MAX} of HDFS` : undefined;
}

/** Why HDFS cannot hold a path, in one sentence; undefined when it can. */
export function pathTrouble(path: Under): string | undefined {
  for (const name of path.split('/')) {
    const trouble = nameTrouble(name);
    if (trouble !== undefined) return trouble;
  }
  return undefined;
}
