import type { Clock } from '../core/clock.ts';
import { createBatcher, type Batcher } from './batcher.ts';

/** How long a batch waits for others at most, in ms. */
const LINGER_MS = 20;

/** Batches of what many items ask for that are worked on at the same time. */
export interface Gathering {
  /** Works on one item, which may ask; the others wait for that, for a moment. */
  during<T>(work: () => Promise<T>): Promise<T>;
  /**
   * As `createBatcher`, but a batch is begun when it is full, when no item under way can join it, or when it has waited
   * for a moment: a transaction costs as much for a hundred rows as for ten.
   */
  batcher<T, R>(work: (items: readonly T[]) => Promise<readonly R[]>, most: () => number): Batcher<T, R>;
}

interface Gap {
  readonly isFull: () => boolean;
  readonly close: () => void;
}

/** Nothing is under way yet. */
export function createGathering(clock: Clock): Gathering {
  /** Items under way that wait for no batch. */
  let busy = 0;
  const gaps = new Set<Gap>();

  const look = (): void => {
    for (const { isFull, close } of gaps) if (isFull()) close();
    if (busy > 0 || gaps.size === 0) return;
    // The place of an item that has ended is taken in the same turn.
    setImmediate(() => {
      if (busy === 0) for (const { close } of gaps) close();
    });
  };
  const gather = async (isFull: () => boolean): Promise<void> => {
    const over = new AbortController();
    await new Promise<void>((resolve) => {
      const close = (): void => {
        gaps.delete(gap);
        resolve();
      };
      const gap: Gap = { isFull, close };
      gaps.add(gap);
      void clock.sleep(LINGER_MS, over.signal).then(close, close);
      look();
    });
    over.abort();
  };

  return {
    during: async (work) => {
      busy += 1;
      try {
        return await work();
      } finally {
        busy -= 1;
        look();
      }
    },
    batcher: (work, most) => {
      const ask = createBatcher(work, most, gather);
      return async (item) => {
        busy -= 1;
        const answer = ask(item);
        look();
        try {
          return await answer;
        } finally {
          busy += 1;
        }
      };
    },
  };
}
