import type { Stats } from 'ssh2';
import type { ArtifactPath } from '../../../core/artifact-path.ts';
import type { Entry } from '../../store.ts';

/** Attributes as a server gives them; each may be missing. */
export type Attributes = Partial<Pick<Stats, 'mode' | 'size' | 'mtime'>>;

const TYPE_BITS = 0o170000;
const DIRECTORY = 0o040000;
const REGULAR = 0o100000;

/** Links, sockets and devices are `other`: they are shown and never followed. */
export function kindOf({ mode }: Attributes): Entry['kind'] {
  const type = (mode ?? 0) & TYPE_BITS;
  if (type === REGULAR) return 'file';
  return type === DIRECTORY ? 'directory' : 'other';
}

/**
 * An entry carries no version: version 3 of the protocol tells whole seconds and no inode, so that two contents of one
 * size written within a second look the same.
 */
export function entryOf(path: ArtifactPath, attributes: Attributes): Entry {
  const kind = kindOf(attributes);
  const { size, mtime } = attributes;
  return {
    path,
    kind,
    ...(mtime === undefined ? {} : { modified: new Date(mtime * 1000) }),
    ...(kind === 'file' && size !== undefined ? { size } : {}),
    checksums: [],
  };
}
