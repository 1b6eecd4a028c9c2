import type { BigIntStats } from 'node:fs';
import type { ArtifactPath } from '../../../core/artifact-path.ts';
import type { Entry, Version } from '../../store.ts';

type Kinds = Pick<BigIntStats, 'isFile' | 'isDirectory'>;

/** Links, sockets and devices are `other`: they are shown and never followed. */
export function kindOf(stats: Kinds): Entry['kind'] {
  if (stats.isFile()) return 'file';
  return stats.isDirectory() ? 'directory' : 'other';
}

/** Weak: a file rewritten in place within one tick of the file system's clock keeps it. */
export function versionOf({ ino, mtimeNs, size }: BigIntStats): Version {
  return { id: `${ino.toString(36)}-${mtimeNs.toString(36)}-${size.toString(36)}`, strong: false };
}

export function entryOf(path: ArtifactPath, stats: BigIntStats): Entry {
  const kind = kindOf(stats);
  return {
    path,
    kind,
    modified: new Date(Number(stats.mtimeMs)),
    ...(kind === 'file' ? { size: Number(stats.size), version: versionOf(stats) } : {}),
    checksums: [],
  };
}
