import type { BulkItem } from '../../artifacts/store.ts';
import type { Observer } from '../report.ts';

/** Tells an observer of files that move together as if they moved one after the other, which is as near as can be told. */
export interface Turns {
  /** So many more bytes moved, of whichever file. */
  moved(bytes: number): void;
  /** A file is over: its turn ended, if it ever came. */
  over(item: BulkItem): void;
}

/** The turns of files in the order given. */
export function createTurns(items: readonly BulkItem[], observer: Observer): Turns {
  const begun = new Set<BulkItem>();
  let at = 0;
  let told = 0;
  const begin = (item: BulkItem): void => {
    if (begun.has(item)) return;
    begun.add(item);
    observer.started(item.path, item.size);
  };
  return {
    moved: (bytes) => {
      for (let left = bytes; left > 0;) {
        const item = items[at];
        if (!item) return;
        begin(item);
        const part = Math.min(left, item.size - told);
        observer.progress(item.path, part);
        left -= part;
        told += part;
        if (told < item.size) return;
        observer.ended(item.path);
        at += 1;
        told = 0;
      }
    },
    over: (item) => {
      begin(item);
      observer.ended(item.path);
    },
  };
}
