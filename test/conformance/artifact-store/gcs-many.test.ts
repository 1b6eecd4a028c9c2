import { afterAll, beforeAll, expect, test } from 'vitest';
import { bytesSource } from '../../../src/artifacts/sources.ts';
import type { ArtifactStore, Removal } from '../../../src/artifacts/store.ts';
import { parseArtifactPath } from '../../../src/core/artifact-path.ts';
import type { Io } from '../../../src/core/io.ts';
import { gcsStoreAt, startFakeGcs, type FakeGcs } from '../../testbeds/fake-gcs.ts';
import { inParallel } from './pattern.ts';

const BUCKET = 'many';
const COUNT = process.env['MLSTOW_SOAK'] === undefined ? 2_500 : 10_000;
const io: Io = { signal: new AbortController().signal };
let bed: FakeGcs;
let store: ArtifactStore;

beforeAll(async () => {
  bed = await startFakeGcs();
  await bed.createBucket(BUCKET);
  store = await gcsStoreAt(bed.endpoint, BUCKET, 'root');
  const names = Array.from({ length: COUNT }, (_, i) => parseArtifactPath(`dir/file-${i}`));
  const write = (name: (typeof names)[number]) => async () =>
    store.write(name, bytesSource(Buffer.from('x')), {}, io);
  await inParallel(16, names.map(write));
}, 600_000);
afterAll(async () => bed.stop());

test(
  'many entries of one folder are listed page by page and removed as they come',
  { timeout: 600_000 },
  async () => {
    let seen = 0;
    let largest = 0;
    for await (const page of store.list('', { recursive: true }, io)) {
      seen += page.length;
      largest = Math.max(largest, page.length);
      const removals = page.map(({ path }): Removal => ({ path, kind: 'file' }));
      for (let from = 0; from < removals.length; from += store.traits.removeBatch) {
        expect(await store.remove(removals.slice(from, from + store.traits.removeBatch), io)).toEqual([]);
      }
    }
    expect([seen, largest]).toEqual([COUNT, 1000]);
    for await (const page of store.list('', { recursive: true }, io)) expect(page).toEqual([]);
  },
);
