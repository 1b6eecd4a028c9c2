import { afterAll, beforeAll, test } from 'vitest';
import { bytesSource } from '../../../src/artifacts/sources.ts';
import type { ArtifactStore } from '../../../src/artifacts/store.ts';
import { parseArtifactPath } from '../../../src/core/artifact-path.ts';
import type { Io } from '../../../src/core/io.ts';
import { startAzurite, type AzuriteBed } from '../../testbeds/azurite.ts';
import { CONTAINER, storeAt } from '../../testbeds/azurite-store.ts';
import { listAndRemove } from './list-and-remove.ts';
import { inParallel } from './pattern.ts';

const COUNT = process.env['MLSTOW_SOAK'] === undefined ? 2_500 : 10_000;
const io: Io = { signal: new AbortController().signal };
let bed: AzuriteBed;
let store: ArtifactStore;

beforeAll(async () => {
  bed = await startAzurite();
  await bed.createContainer(CONTAINER);
  store = await storeAt(bed, CONTAINER, 'many');
  const names = Array.from({ length: COUNT }, (_, i) => parseArtifactPath(`dir/file-${i}`));
  const write = (name: (typeof names)[number]) => async () =>
    store.write(name, bytesSource(Buffer.from('x')), {}, io);
  await inParallel(16, names.map(write));
}, 600_000);
afterAll(async () => bed.stop());

test('many blobs of one prefix are listed page by page and removed as they come', { timeout: 600_000 }, () =>
  listAndRemove(store, COUNT),
);
