import { expect, it } from 'vitest';
import type { ArtifactStore, Removal } from '../../../src/artifacts/store.ts';
import { parseArtifactPath } from '../../../src/core/artifact-path.ts';
import { shareRemovals } from '../../../src/gc/share/share-removals.ts';
import { createMemoryStore, memoryFailure } from '../../conformance/artifact-store/memory-store.ts';

const io = { signal: new AbortController().signal };
const files = (run: string, count: number): Removal[] =>
  Array.from({ length: count }, (_, at) => ({ path: parseArtifactPath(`${run}/f${at}`), kind: 'file' }));

/** A store that notes the sizes of its requests, and refuses paths, or whole requests that hold one. */
function storeThat({ refuses = '', breaksAt = '', together = true } = {}) {
  const requests: number[] = [];
  const inner = createMemoryStore({ removeBatch: 1000, ...(together ? { wide: true } : {}) });
  const store: ArtifactStore = {
    ...inner,
    remove: async (batch) => {
      requests.push(batch.length);
      if (breaksAt !== '' && batch.some(({ path }) => path === breaksAt))
        return Promise.reject(memoryFailure('unavailable', breaksAt, 'is broken'));
      const undone = batch.filter(({ path }) => path === refuses);
      return Promise.resolve(
        undone.map(({ path, kind }) => ({
          removal: { path, kind },
          failure: memoryFailure('denied', path, 'is denied'),
        })),
      );
    },
  };
  return { requests, shared: shareRemovals(store) };
}

it('removes in one request what several ask for in the same turn, and tells each its own', async () => {
  const { requests, shared } = storeThat({ refuses: 'b/f1' });
  const [a, b] = await Promise.all([shared.remove(files('a', 20), io), shared.remove(files('b', 20), io)]);
  expect(requests).toEqual([40]);
  expect([a, b.map(({ removal }) => removal.path)]).toEqual([[], ['b/f1']]);
});

it('never waits for what is under way, and bounds a request', async () => {
  const { requests, shared } = storeThat();
  const many = shared.remove(files('many', 900), io);
  const few = ['a', 'b', 'c'].map((run) => shared.remove(files(run, 100), io));
  await Promise.all([many, ...few]);
  expect(requests).toEqual([900, 200, 100]);
});

it('asks for each alone when a request fails as a whole', async () => {
  const { requests, shared } = storeThat({ breaksAt: 'b/f0' });
  const ended = await Promise.allSettled(['a', 'b', 'c'].map((run) => shared.remove(files(run, 2), io)));
  expect(ended.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
  expect(requests).toEqual([6, 2, 2, 2]);
});

it('leaves a store alone that removes one by one', async () => {
  const { requests, shared } = storeThat({ together: false });
  await Promise.all([shared.remove(files('a', 2), io), shared.remove(files('b', 2), io)]);
  expect(requests).toEqual([2, 2]);
});
