import { asFailure } from '../../core/failure.ts';
import type { ArtifactStore, Bulk, BulkItem, BulkResult } from '../store.ts';
import { refuseName, type RunOperation } from './run-operation.ts';

/**
 * Bulk moves through layers: one operation and one permit for each call, repeated only when nothing of it happened. Names
 * that the store cannot hold are refused alone, before the rest is sent.
 */
export function layeredBulk(store: ArtifactStore, bulk: Bulk, run: RunOperation): Bulk {
  const through = async (
    move: Bulk['put'],
    items: Parameters<Bulk['put']>[0],
    io: Parameters<Bulk['put']>[1],
  ) => run({ verb: 'bulk', path: '', repeatable: false }, io, async (inner) => move(items, inner));
  return {
    maxItems: bulk.maxItems,
    put: async (items, io) => {
      const refused = new Map(items.flatMap((item) => refusalOf(store, item)));
      const sound = items.filter((item) => !refused.has(item));
      const results = sound.length === 0 ? [] : await through(bulk.put.bind(bulk), sound, io);
      const told = new Map(results.map((result) => [result.item, result]));
      return items.flatMap((item) => refused.get(item) ?? told.get(item) ?? []);
    },
    get: async (items, io) => (items.length === 0 ? [] : through(bulk.get.bind(bulk), items, io)),
  };
}

function refusalOf(store: ArtifactStore, item: BulkItem): readonly (readonly [BulkItem, BulkResult])[] {
  try {
    refuseName(store, item.path);
    return [];
  } catch (thrown) {
    return [[item, { item, proof: 'none', failure: asFailure(thrown, item.path) }]];
  }
}
