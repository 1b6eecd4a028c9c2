import { parentOf, type ArtifactPath, type Under } from '../../../../../core/artifact-path.ts';
import type { Entry } from '../../../../store.ts';

/** How a tree that lies ready gets where other things may be. */
export interface Moves {
  /** Files that are replaced. */
  readonly replaced: readonly ArtifactPath[];
  /** Directories that are empty then, the deepest first: without them a directory moves as a whole. */
  readonly emptied: readonly ArtifactPath[];
}

/** Every directory above some paths, the root left out. */
export function foldersAbove(paths: Iterable<ArtifactPath>): ReadonlySet<ArtifactPath> {
  const folders = new Set<ArtifactPath>();
  for (const path of paths) {
    for (let above = parentOf(path); above !== '' && !folders.has(above); above = parentOf(above)) {
      folders.add(above);
    }
  }
  return folders;
}

const depth = (path: ArtifactPath) => path.split('/').length;

/** What stands in the way of `ready`, among what is there. */
export function planMoves(ready: readonly ArtifactPath[], there: readonly Entry[]): Moves {
  const coming = new Set(ready);
  const replaced = there.filter(({ path, kind }) => kind !== 'directory' && coming.has(path));
  const gone = new Set(replaced.map(({ path }) => path));
  const staying = there.filter(({ path, kind }) => kind !== 'directory' && !gone.has(path));
  const folders = foldersAbove(ready);
  const bare = there.filter(({ path, kind }) => kind === 'directory' && !folders.has(path));
  const kept = foldersAbove([...staying, ...bare].map(({ path }) => path));
  const emptied = there
    .filter(({ path, kind }) => kind === 'directory' && folders.has(path) && !kept.has(path))
    .map(({ path }) => path)
    .sort((a, b) => depth(b) - depth(a));
  return { replaced: replaced.map(({ path }) => path), emptied };
}

/** For each directory that stays, the highest of what is `ready` that can be moved into it as it is. */
export function groupMoves(
  ready: readonly ArtifactPath[],
  standing: ReadonlySet<ArtifactPath>,
): ReadonlyMap<Under, ReadonlySet<ArtifactPath>> {
  const groups = new Map<Under, Set<ArtifactPath>>();
  for (const path of ready) {
    let top = path;
    for (let above = parentOf(path); above !== '' && !standing.has(above); above = parentOf(above))
      top = above;
    const into = parentOf(top);
    const group = groups.get(into) ?? new Set();
    groups.set(into, group.add(top));
  }
  return groups;
}
