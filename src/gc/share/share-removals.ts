import type { ArtifactStore, Removal, Undone } from '../../artifacts/store.ts';
import type { Io } from '../../core/io.ts';
import { createTurnBatcher } from '../batcher.ts';

interface Asked {
  readonly batch: readonly Removal[];
  readonly io: Io;
}

/** Removals in one request of several; a server takes longer for more, and others are under way meanwhile. */
const TOGETHER = 250;

/**
 * The same store, which removes in one request what is asked for in the same turn, where one costs little more than a
 * small one: rows are read again for many items in one transaction, and their removals follow it together. None waits.
 */
export function shareRemovals(store: ArtifactStore): ArtifactStore {
  const { wide, removeBatch } = store.traits;
  if (!wide) return store;
  const remove = createTurnBatcher<Asked, readonly Undone[]>(
    async (asked) => {
      const [first] = asked;
      if (!first) return [];
      const undone = await store.remove(
        asked.flatMap(({ batch }) => batch),
        first.io,
      );
      return asked.map(({ batch }) => {
        const mine = new Set<string>(batch.map(({ path }) => path));
        return undone.filter(({ removal }) => mine.has(removal.path));
      });
    },
    { most: Math.min(TOGETHER, removeBatch), sizeOf: ({ batch }) => batch.length },
  );
  return { ...store, remove: async (batch, io) => remove({ batch, io }) };
}
