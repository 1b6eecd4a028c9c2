import { createHash } from 'node:crypto';
import type { ArtifactStore } from '../artifacts/store.ts';
import { parseArtifactPath } from '../core/artifact-path.ts';
import type { Io } from '../core/io.ts';
import { formatLocation, type Location } from '../core/location.ts';
import type { Subtree } from './place.ts';

/** A store at a location; cheap. */
export type Open = (location: Location) => Promise<ArtifactStore>;

/**
 * Tells where files are removed from every other place: by the server too, as a bucket of the same name may be at another
 * endpoint. Not by who asks: keys are changed now and then, and what was begun is still at its place.
 */
export async function whereOf(subtrees: readonly Subtree[], open: Open): Promise<string> {
  const places = await Promise.all(
    subtrees.map(async ({ base }) => [(await open(base)).server, base.redacted] as const),
  );
  return createHash('sha256').update(JSON.stringify(places)).digest('hex').slice(0, 16);
}

/**
 * Whether files that an earlier gc began to remove at this very place are gone because of that: the folder of their
 * experiment, which gc never removes, tells an emptied root from one that is not mounted.
 * @returns what is not there, if that is so
 */
export async function missingFolder(
  { base, root }: Subtree,
  open: Open,
  io: Io,
): Promise<string | undefined> {
  const store = await open(base);
  if (store.traits.directories === 'virtual') return undefined;
  const folder = formatLocation(base)
    .slice(formatLocation(root).length)
    .replaceAll(/^\/|\/$/g, '');
  const there =
    folder === ''
      ? (await store.facts(io)).anchor === 'present'
      : (await (await open(root)).stat(parseArtifactPath(folder), io)) !== undefined;
  return there ? undefined : store.label;
}
