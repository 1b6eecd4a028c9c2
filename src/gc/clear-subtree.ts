import type { ArtifactStore } from '../artifacts/store.ts';
import { Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import { emptySubtree, type ReadAgain, type Removed } from './empty-subtree.ts';
import { placeOf, type Subtree } from './place.ts';
import { purgeVersions } from './purge-versions.ts';

/** How subtrees are cleared. */
export interface Clearing {
  /** Whether older versions go too, where the server keeps them. */
  readonly allVersions: boolean;
  /** Told once for each bucket. */
  readonly warn: (message: string) => void;
  readonly io: Io;
}

/** Removes everything in a subtree. @returns whether anything was there @throws as `emptySubtree` */
export type ClearSubtree = (
  store: ArtifactStore,
  subtree: Subtree,
  readAgain: ReadAgain,
  removed: Removed,
) => Promise<boolean>;

/** Whether the store keeps what is removed; what cannot be found out is told, and taken for no. */
async function asks(store: ArtifactStore, { allVersions, warn, io }: Clearing): Promise<boolean> {
  const { versions } = store;
  if (!versions) {
    if (allVersions && store.traits.directories === 'virtual')
      warn(`${store.label}: --all-versions removes older versions on S3 only, not here`);
    return false;
  }
  try {
    return await versions.kept(io);
  } catch (thrown) {
    if (!(thrown instanceof Failure) || io.signal.aborted) throw thrown;
    if (allVersions || (thrown.kind !== 'denied' && thrown.kind !== 'unsupported')) throw thrown;
    warn(`whether ${store.label} keeps older versions of what is removed is not known: ${thrown.message}`);
    return false;
  }
}

/** Clears subtrees, asking each bucket once whether it keeps versions. */
export function createClearing(clearing: Clearing): ClearSubtree {
  const known = new Map<string, Promise<boolean>>();
  const keeps = async (store: ArtifactStore, { base }: Subtree): Promise<boolean> => {
    const key = `${store.backend} ${placeOf(base).store}`;
    const asked = known.get(key) ?? asks(store, clearing);
    known.set(key, asked);
    try {
      return await asked;
    } catch (thrown) {
      known.delete(key);
      throw thrown;
    }
  };
  return async (store, subtree, readAgain, removed) => {
    const { allVersions, io } = clearing;
    const { versions } = store;
    const areKept = await keeps(store, subtree);
    if (!versions || !areKept || !allVersions) {
      const before = removed.bytes;
      const found = await emptySubtree(store, subtree, readAgain, removed, io);
      if (areKept) removed.notFreed += removed.bytes - before;
      return found;
    }
    const purging = { versions, store, subtree, readAgain, removed };
    const purged = await purgeVersions(purging, io);
    // Unfinished uploads, and what was written meanwhile.
    const found = await emptySubtree(store, subtree, readAgain, removed, io);
    if (found) await purgeVersions(purging, io);
    return purged || found;
  };
}
