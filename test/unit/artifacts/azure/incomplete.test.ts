import { afterAll, beforeAll, expect, test } from 'vitest';
import { bytesSource } from '../../../../src/artifacts/sources.ts';
import type { ArtifactStore, Unfinished } from '../../../../src/artifacts/store.ts';
import { parseArtifactPath as path, type Under } from '../../../../src/core/artifact-path.ts';
import type { Io } from '../../../../src/core/io.ts';
import { startAzurite, ACCOUNT, type AzuriteBed } from '../../../testbeds/azurite.ts';
import { storeAt } from '../../../testbeds/azurite-store.ts';
import { startListener } from '../../../testbeds/listener.ts';

const BOX = 'incomplete';
const io: Io = { signal: new AbortController().signal };
let bed: AzuriteBed;

beforeAll(async () => {
  bed = await startAzurite();
  await bed.createContainer(BOX);
}, 120_000);
afterAll(async () => bed.stop());

async function unfinished(store: ArtifactStore, under: Under = ''): Promise<Unfinished[]> {
  const found: Unfinished[] = [];
  for await (const page of store.incomplete!.list(under, io)) found.push(...page);
  return found;
}

const idOf = (number: number) =>
  Buffer.from(`mlflow_block_${String(number).padStart(5, '0')}`).toString('base64');

test('blocks of another program are one upload, named by its first block, and are dropped', async () => {
  const store = await storeAt(bed, BOX, 'foreign');
  const client = bed.container(BOX).getBlockBlobClient('foreign/big.bin');
  for (const number of [1, 2]) await client.stageBlock(idOf(number), 'bytes', 5);
  const found = await unfinished(store);
  expect(found).toEqual([{ path: 'big.bin', token: idOf(1), bytes: 10 }]);
  await store.incomplete!.discard(found[0]!, io);
  expect(await unfinished(store)).toEqual([]);
  expect(await client.exists()).toBe(false);
  await expect(client.commitBlockList([idOf(1)])).rejects.toMatchObject({ code: 'InvalidBlockList' });
});

test('an empty blob is no upload, also when blocks wait to replace it', async () => {
  const store = await storeAt(bed, BOX, 'empty');
  await store.write(path('none'), bytesSource(Buffer.alloc(0)), {}, io);
  await store.write(path('over'), bytesSource(Buffer.alloc(0)), {}, io);
  const session = await store.multipart!.begin(path('over'), { partBytes: 5, media: {} }, io);
  await session.put({ number: 1, offset: 0, size: 5 }, bytesSource(Buffer.from('bytes')), io);
  expect(await unfinished(store)).toEqual([]);
  expect(await unfinished(store, path('over'))).toEqual([]);
  await store.incomplete!.discard({ path: path('over'), token: session.token }, io);
  expect((await store.stat(path('over'), io))?.size).toBe(0);
});

test('an upload whose blocks are of another token is not dropped', async () => {
  const store = await storeAt(bed, BOX, 'other');
  const session = await store.multipart!.begin(path('file'), { partBytes: 5, media: {} }, io);
  const receipt = await session.put({ number: 1, offset: 0, size: 5 }, bytesSource(Buffer.from('bytes')), io);
  await store.incomplete!.discard({ path: path('file'), token: '0123456789abc' }, io);
  await session.commit([receipt], { size: 5, checksums: [] }, io);
  expect((await store.stat(path('file'), io))?.size).toBe(5);
});

test('a listing goes on with the marker of each page', async () => {
  const xml = (name: string, next: string) =>
    `<?xml version="1.0"?><EnumerationResults><Blobs><Blob><Name>root/${name}</Name><Properties><Content-Length>0</Content-Length><BlobType>BlockBlob</BlobType></Properties></Blob></Blobs><NextMarker>${next}</NextMarker></EnumerationResults>`;
  const blocks = `<?xml version="1.0"?><BlockList><UncommittedBlocks><Block><Name>${idOf(1)}</Name><Size>7</Size></Block></UncommittedBlocks></BlockList>`;
  const server = await startListener(({ method, url }, response) => {
    const { searchParams } = new URL(url, 'http://x');
    response.setHeader('content-type', 'application/xml');
    if (method === 'HEAD') response.writeHead(404, { 'x-ms-error-code': 'BlobNotFound' }).end();
    else if (searchParams.get('comp') === 'blocklist') response.end(blocks);
    else response.end(searchParams.get('marker') === 'more' ? xml('b', '') : xml('a', 'more'));
  });
  const connectionString = `DefaultEndpointsProtocol=http;AccountName=${ACCOUNT};AccountKey=${bed.key};BlobEndpoint=${server.url}/${ACCOUNT};`;
  const store = await storeAt({ connectionString }, BOX, 'root');
  expect(await unfinished(store)).toEqual(
    ['a', 'b'].map((name) => ({ path: name, token: idOf(1), bytes: 7 })),
  );
  const lists = server.requests.filter(({ url }) => url.includes('comp=list'));
  expect(lists.every(({ url }) => url.includes('include=uncommittedblobs'))).toBe(true);
  await server.stop();
});
