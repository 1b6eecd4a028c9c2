import type { ArtifactPath, Under } from '../core/artifact-path.ts';
import type { Bulk, BulkItem, BulkResult } from './store.ts';

/** The reading half of `bulk`. */
export type BulkGet = Pick<Bulk, 'get' | 'maxItems'>;

/** `bulk` with other names for its paths. */
export function bulkBelow(bulk: Bulk, full: (path: ArtifactPath) => Under): BulkGet {
  return {
    maxItems: bulk.maxItems,
    get: async (items, io) => {
      const asked = new Map(items.map((item) => [{ ...item, path: full(item.path) as ArtifactPath }, item]));
      const results = await bulk.get([...asked.keys()], io);
      return results.flatMap((result) => {
        const item = asked.get(result.item);
        return item ? [{ ...result, item }] : [];
      });
    },
  };
}

/** Two as one: each item is read from where it was listed. */
export function bulkOfBoth(
  winner: BulkGet,
  other: BulkGet,
  isOther: (path: ArtifactPath) => boolean,
): BulkGet {
  return {
    maxItems: Math.min(winner.maxItems, other.maxItems),
    get: async (items, io) => {
      const theirs = items.filter(({ path }) => isOther(path));
      const ours = items.filter(({ path }) => !isOther(path));
      const results = new Map<BulkItem, BulkResult>();
      for (const [bulk, part] of [[winner, ours] as const, [other, theirs] as const]) {
        if (part.length === 0) continue;
        for (const result of await bulk.get(part, io)) results.set(result.item, result);
      }
      return items.flatMap((item) => results.get(item) ?? []);
    },
  };
}
