import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest';
import { bytesSource } from '../../src/artifacts/sources.ts';
import type { ArtifactStore, Removal } from '../../src/artifacts/store.ts';
import { parseArtifactPath } from '../../src/core/artifact-path.ts';
import type { Io } from '../../src/core/io.ts';
import { startAzurite, type AzuriteBed } from '../testbeds/azurite.ts';
import { storeAt } from '../testbeds/azurite-store.ts';
import { startCountingProxy, type CountingProxy } from '../testbeds/counting-proxy.ts';

const BOX = 'removals';
const io: Io = { signal: new AbortController().signal };

let bed: AzuriteBed;
beforeAll(async () => {
  bed = await startAzurite();
  await bed.createContainer(BOX);
});
afterAll(() => bed.stop());

const removal = (number: number): Removal => ({ path: parseArtifactPath(`f${number}`), kind: 'file' });

/** A store with so many files, behind a proxy that answers batches with a status of its own, if one is given. */
async function filled(
  root: string,
  count: number,
  refusal?: number,
): Promise<{ readonly store: ArtifactStore; readonly proxy: CountingProxy }> {
  const direct = await storeAt(bed, BOX, root);
  for (let number = 0; number < count; number += 1)
    await direct.write(removal(number).path, bytesSource(Buffer.from('x')), {}, io);
  const proxy = await startCountingProxy(new URL(bed.endpoint).origin, async (_method, url) =>
    url.includes('comp=batch') ? refusal : undefined,
  );
  onTestFinished(() => proxy.stop());
  const options = { accessKey: bed.key, blobEndpoint: `${proxy.url}/${bed.account}` };
  return { store: await storeAt(bed, BOX, root, options), proxy };
}

async function left(store: ArtifactStore): Promise<readonly string[]> {
  const names: string[] = [];
  for await (const page of store.list('', { recursive: true }, io))
    names.push(...page.map(({ path }) => path));
  return names.sort();
}

it('removes blobs by one request, and asks alone for those that are not done in it', async () => {
  const { store, proxy } = await filled('together', 20);
  const container = bed.container(BOX);
  await container.getBlobClient('together/f3').getBlobLeaseClient().acquireLease(-1);
  await container.getBlobClient('together/f5').createSnapshot();
  const batch = Array.from({ length: 22 }, (_, number) => removal(number));
  const undone = await store.remove(batch, io);
  expect(undone.map((each) => each.removal.path)).toEqual(['f3']);
  expect(undone[0]?.failure.kind).toBe('conflict');
  const asked = proxy.take().map(({ method }) => method);
  expect(asked).toEqual(['POST', 'DELETE', 'DELETE', 'DELETE']);
  expect(await left(store)).toEqual(['f3']);
});

it.each([400, 403, 501])('removes blobs one by one where batches are answered with %i', async (status) => {
  const { store, proxy } = await filled(`alone-${status}`, 5, status);
  const batch = Array.from({ length: 4 }, (_, number) => removal(number));
  expect(await store.remove(batch, io)).toEqual([]);
  expect(await left(store)).toEqual(['f4']);
  expect(proxy.take().filter(({ method }) => method === 'DELETE')).toHaveLength(4);
});
