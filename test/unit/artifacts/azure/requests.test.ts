import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  generateBlobSASQueryParameters,
  ContainerSASPermissions,
  StorageSharedKeyCredential,
} from '@azure/storage-blob';
import { bytesSource } from '../../../../src/artifacts/sources.ts';
import type { ArtifactStore, Entry } from '../../../../src/artifacts/store.ts';
import { parseArtifactPath as path } from '../../../../src/core/artifact-path.ts';
import type { Io } from '../../../../src/core/io.ts';
import { parseLocation } from '../../../../src/core/location.ts';
import { failureOf } from '../../../conformance/artifact-store/expect-failure.ts';
import { startAzurite, type AzuriteBed } from '../../../testbeds/azurite.ts';
import { connectTo, storeAt, uriOf } from '../../../testbeds/azurite-store.ts';

const BOX = 'requests';
const io: Io = { signal: new AbortController().signal };
let bed: AzuriteBed;

beforeAll(async () => {
  bed = await startAzurite();
  await bed.createContainer(BOX);
}, 120_000);
afterAll(async () => bed.stop());

async function drain(store: ArtifactStore, recursive = true): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const page of store.list('', { recursive }, io)) entries.push(...page);
  return entries;
}

test('the content type and the MD5 are kept, in one piece and in parts', async () => {
  const store = await storeAt(bed, BOX, 'media');
  const media = { type: 'text/csv', encoding: 'gzip' };
  const bytes = Buffer.from('some bytes');
  const stored = await store.write(path('one.csv.gz'), bytesSource(bytes, media), {}, io);
  const known = stored.entry.checksums[0]!;
  const session = await store.multipart!.begin(path('parts.csv.gz'), { partBytes: 10, media }, io);
  const receipt = await session.put({ number: 1, offset: 0, size: 10 }, bytesSource(bytes), io);
  const committed = await session.commit([receipt], { size: 10, checksums: [known] }, io);
  expect(committed.proof).toBe('checksum');
  for (const name of ['one.csv.gz', 'parts.csv.gz']) {
    const told = await bed.container(BOX).getBlobClient(`media/${name}`).getProperties();
    expect([told.contentType, told.contentEncoding]).toEqual(['application/gzip', undefined]);
    expect((await store.stat(path(name), io))?.checksums[0]).toEqual(known);
  }
  expect((await drain(store)).map(({ checksums }) => checksums[0])).toEqual([known, known]);
  expect(known).toMatchObject({ algorithm: 'md5', scope: 'whole' });
});

test('a blob in parts tells the CRC-32 of the whole, until somebody else writes it', async () => {
  const store = await storeAt(bed, BOX, 'proven');
  const name = path('parts');
  const session = await store.multipart!.begin(name, { partBytes: 6, media: {} }, io);
  const put = async (number: number, text: string) =>
    session.put({ number, offset: (number - 1) * 6, size: text.length }, bytesSource(Buffer.from(text)), io);
  const receipts = [await put(2, 'second'), await put(3, 'end'), await put(1, 'first,')];
  await session.commit(receipts, { size: 15, checksums: [] }, io);
  const value = crc32('first,secondend').toString(16).padStart(8, '0');
  const known = [{ algorithm: 'crc32', value, scope: 'whole' }];
  const body = await store.read(name, { start: 3, length: 4 }, io);
  body.stream.destroy();
  expect([body.entry.checksums, (await drain(store))[0]?.checksums]).toEqual([known, known]);
  const theirs = bed.container(BOX).getBlockBlobClient('proven/parts');
  await theirs.stageBlock('AAAA', 'other', 5);
  await theirs.commitBlockList(['AAAA']);
  expect((await store.stat(name, io))?.checksums).toEqual([]);
});

test('blobs marked as directories are directories, removed deepest first and never while full', async () => {
  const store = await storeAt(bed, BOX, 'lake');
  const client = bed.container(BOX);
  const folder = async (name: string) =>
    client.getBlockBlobClient(`lake/${name}`).upload('', 0, { metadata: { hdi_isfolder: 'true' } });
  for (const name of ['a', 'a/b', 'a/b/c']) await folder(name);
  await store.write(path('a/b/c/file'), bytesSource(Buffer.from('x')), {}, io);
  await client.getBlockBlobClient('lake/marked/').upload('', 0);
  expect((await drain(store)).map((entry) => `${entry.kind} ${entry.path}`).toSorted()).toEqual([
    'directory a',
    'directory a/b',
    'directory a/b/c',
    'file a/b/c/file',
  ]);
  expect((await store.stat(path('a/b'), io))?.kind).toBe('directory');
  expect((await failureOf(store.read(path('a/b'), {}, io))).kind).toBe('wrong-kind');
  const directories = ['a', 'a/b', 'a/b/c', 'marked'].map(
    (name) => ({ path: path(name), kind: 'directory' }) as const,
  );
  const undone = await store.remove(directories, io);
  expect(undone.map(({ removal, failure }) => `${removal.path} ${failure.kind}`)).toEqual([
    'a/b/c conflict',
    'a/b conflict',
    'a conflict',
  ]);
  expect(await store.remove([...directories, { path: path('a/b/c/file'), kind: 'file' }], io)).toEqual([]);
  expect(await drain(store)).toEqual([]);
  const left: string[] = [];
  for await (const { name } of client.listBlobsFlat({ prefix: 'lake' })) left.push(name);
  expect(left).toEqual([]);
});

test('a blob with snapshots goes with them; a leased one stays and says so', async () => {
  const store = await storeAt(bed, BOX, 'held');
  for (const name of ['snapped', 'leased'])
    await store.write(path(name), bytesSource(Buffer.from('x')), {}, io);
  await bed.container(BOX).getBlobClient('held/snapped').createSnapshot();
  await bed.container(BOX).getBlobClient('held/leased').getBlobLeaseClient().acquireLease(-1);
  const undone = await store.remove(
    ['snapped', 'leased'].map((name) => ({ path: path(name), kind: 'file' }) as const),
    io,
  );
  expect(undone.map(({ removal, failure }) => [removal.path, failure.kind])).toEqual([
    ['leased', 'conflict'],
  ]);
  expect(undone[0]?.failure.message).toContain('holds a lease');
  expect((await drain(store)).map((entry) => entry.path)).toEqual(['leased']);
});

describe('credentials', () => {
  const file = path('file');

  test('abfss by SAS token and by access key; the token is never shown', async () => {
    const credential = new StorageSharedKeyCredential(bed.account, bed.key);
    const sas = (permissions: string) =>
      generateBlobSASQueryParameters(
        {
          containerName: BOX,
          permissions: ContainerSASPermissions.parse(permissions),
          expiresOn: new Date(Date.now() + 60_000),
        },
        credential,
      ).toString();
    const open = async (options: Parameters<typeof connectTo>[0]) =>
      (await connectTo({ ...options, blobEndpoint: bed.endpoint })).at(
        parseLocation(uriOf(BOX, 'lake%20path', 'abfss')),
      );
    const bySas = await open({ sasToken: sas('rcwdl') });
    await bySas.write(file, bytesSource(Buffer.from('x')), {}, io);
    expect((await drain(await open({ accessKey: bed.key }))).map((entry) => entry.path)).toEqual(['file']);
    expect((await bed.container(BOX).getBlobClient('lake path/file').getProperties()).contentLength).toBe(1);
    const readOnly = await open({ sasToken: sas('rl') });
    const failure = await failureOf(readOnly.write(file, bytesSource(Buffer.from('y')), {}, io));
    expect(failure.kind).toBe('denied');
    expect(failure.facts.hint).toContain('AZURE_STORAGE_SAS_TOKEN');
    expect(JSON.stringify(failure.facts)).not.toMatch(/sig=[^*]/);
    expect(await bySas.remove([{ path: file, kind: 'file' }], io)).toEqual([]);
  });

  test('a wrong key names the variable that answered, by every verb', async () => {
    const accessKey = Buffer.from('wrong').toString('base64');
    const store = await storeAt(bed, BOX, '', { accessKey, blobEndpoint: bed.endpoint });
    const failures = [
      await failureOf(store.stat(file, io)),
      await failureOf(drain(store)),
      await failureOf(store.read(file, {}, io)),
      await failureOf(store.write(file, bytesSource(Buffer.from('x')), {}, io)),
      await failureOf(store.facts(io)),
    ];
    for (const { facts } of failures) {
      expect(['denied', 'unauthenticated']).toContain(facts.kind);
      expect(facts.message).toContain('AZURE_STORAGE_ACCESS_KEY');
      expect(facts.settings).toEqual(['azure.accessKey']);
      expect(JSON.stringify(facts)).not.toContain(accessKey);
    }
  });

  test('a missing container is named by every verb', async () => {
    const store = await storeAt(bed, 'no-such-container');
    const failures = [
      await failureOf(store.stat(file, io)),
      await failureOf(drain(store)),
      await failureOf(store.read(file, {}, io)),
      await failureOf(store.write(file, bytesSource(Buffer.from('x')), {}, io)),
      await failureOf(store.remove([{ path: file, kind: 'file' }], io)),
    ];
    for (const { kind, message, facts } of failures) {
      expect(kind).toBe('not-found');
      expect(message).toContain('container no-such-container does not exist');
      expect(facts.hint).toContain('az storage container create');
    }
  });
});

test('blocks that another program left with ids of another length are explained', async () => {
  const store = await storeAt(bed, BOX, 'left');
  const id = Buffer.from('short').toString('base64');
  await bed.container(BOX).getBlockBlobClient('left/file').stageBlock(id, 'x', 1);
  const session = await store.multipart!.begin(path('file'), { partBytes: 1, media: {} }, io);
  const failure = await failureOf(
    session.put({ number: 1, offset: 0, size: 1 }, bytesSource(Buffer.from('y')), io),
  );
  expect(failure.kind).toBe('conflict');
  expect(failure.message).toContain('unfinished upload of another program');
});

test('a commit whose answer was lost is found out by another process, under a condition too', async () => {
  const store = await storeAt(bed, BOX, 'twice');
  const plan = { partBytes: 1, media: {}, when: { absent: true } } as const;
  const session = await store.multipart!.begin(path('file'), plan, io);
  const receipt = await session.put({ number: 1, offset: 0, size: 1 }, bytesSource(Buffer.from('y')), io);
  await bed.container(BOX).getBlockBlobClient('twice/file').commitBlockList([receipt.tag]);
  const stored = await session.commit([receipt], { size: 1, checksums: [] }, io);
  expect(stored.entry.size).toBe(1);
  const other = await store.multipart!.begin(path('file'), plan, io);
  const second = await other.put({ number: 1, offset: 0, size: 1 }, bytesSource(Buffer.from('z')), io);
  expect((await failureOf(other.commit([second], { size: 1, checksums: [] }, io))).kind).toBe('exists');
});
