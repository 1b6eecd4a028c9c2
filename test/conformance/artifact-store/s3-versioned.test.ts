import { ListObjectVersionsCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bytesSource } from '../../../src/artifacts/sources.ts';
import type { ArtifactStore, Body } from '../../../src/artifacts/store.ts';
import { parseArtifactPath } from '../../../src/core/artifact-path.ts';
import type { Io } from '../../../src/core/io.ts';
import { startMinio, startVersitygw, type S3Bed } from '../../testbeds/s3.ts';
import { BUCKET, s3ConformanceBed } from '../../testbeds/s3-conformance-bed.ts';
import { storeAt } from '../../testbeds/s3-store.ts';
import { freshRoot } from './bed.ts';
import { failureOf } from './expect-failure.ts';
import { artifactStoreConformance } from './suite.ts';

const io: Io = { signal: new AbortController().signal };
const FILE = parseArtifactPath('dir/file');
const MIB = 1024 * 1024;
const text = (content: string) => bytesSource(Buffer.from(content));

let minio: S3Bed;
let versitygw: S3Bed;

beforeAll(async () => {
  [minio, versitygw] = await Promise.all([startMinio(), startVersitygw({ versioning: true })]);
  await Promise.all([minio, versitygw].map(async (bed) => bed.createVersionedBucket(BUCKET)));
});
afterAll(async () => {
  await Promise.all([minio.stop(), versitygw.stop()]);
});

async function textOf({ stream }: Body): Promise<string> {
  return Buffer.concat((await stream.toArray()) as Buffer[]).toString();
}

async function names(store: ArtifactStore): Promise<string[]> {
  const found: string[] = [];
  for await (const page of store.list('', { recursive: true }, io)) found.push(...page.map((e) => e.path));
  return found;
}

/** What the bucket keeps of a root, newest first: sizes of versions, and how many marks of a deletion. */
async function kept(bed: S3Bed, root: string): Promise<{ sizes: (number | undefined)[]; marks: number }> {
  const answer = await bed.client.send(new ListObjectVersionsCommand({ Bucket: BUCKET, Prefix: `${root}/` }));
  return {
    sizes: (answer.Versions ?? []).map(({ Size }) => Size),
    marks: answer.DeleteMarkers?.length ?? 0,
  };
}

describe.each([
  ['MinIO', () => minio],
  ['versitygw', () => versitygw],
] as const)('a versioned bucket on %s', (_, bed) => {
  let root: string;
  const open = async (): Promise<ArtifactStore> => {
    root = freshRoot();
    return storeAt(bed(), BUCKET, root);
  };

  test('the newest version is what is listed and read; an older one is kept', async () => {
    const store = await open();
    await store.write(FILE, text('first'), {}, io);
    await store.write(FILE, text('the second'), {}, io);
    expect(await names(store)).toEqual(['dir/file']);
    expect((await store.stat(FILE, io))?.size).toBe(10);
    expect(await textOf(await store.read(FILE, {}, io))).toBe('the second');
    expect(await kept(bed(), root)).toEqual({ sizes: [10, 5], marks: 0 });
  });

  test('a part pinned to a version is of that one, and fails once there is a newer', async () => {
    const store = await open();
    const { entry } = await store.write(FILE, text('0123456789'), {}, io);
    const version = entry.version!;
    const pinned = { start: 3, length: 4, version };
    const body = await store.read(FILE, pinned, io);
    expect(body.entry.version).toEqual(version);
    expect(await textOf(body)).toBe('3456');
    await store.write(FILE, text('abcdefghij'), {}, io);
    expect((await failureOf(store.read(FILE, pinned, io))).kind).toBe('changed');
    const newer = (await store.stat(FILE, io))!.version!;
    expect(await textOf(await store.read(FILE, { ...pinned, version: newer }, io))).toBe('defg');
  });

  test('what is removed is gone for every verb, and may be written anew', async () => {
    const store = await open();
    await store.write(FILE, text('first'), {}, io);
    expect(await store.remove([{ path: FILE, kind: 'file' }], io)).toEqual([]);
    expect(await names(store)).toEqual([]);
    expect(await store.stat(FILE, io)).toBeUndefined();
    expect((await failureOf(store.read(FILE, {}, io))).kind).toBe('not-found');
    expect((await failureOf(store.read(FILE, { start: 1, length: 2 }, io))).kind).toBe('not-found');
    expect(await kept(bed(), root)).toEqual({ sizes: [5], marks: 1 });
    expect(await store.remove([{ path: FILE, kind: 'file' }], io)).toEqual([]);
    await store.write(FILE, text('second'), {}, io);
    expect(await textOf(await store.read(FILE, {}, io))).toBe('second');
  });

  test('only the version that was seen is removed or replaced', async () => {
    const store = await open();
    const seen = (await store.write(FILE, text('seen'), {}, io)).entry.version!;
    await store.write(FILE, text('newer'), {}, io);
    const [undone] = await store.remove([{ path: FILE, kind: 'file', version: seen }], io);
    expect(undone?.failure.kind).toBe('changed');
    const replaced = store.write(FILE, text('late'), { when: { version: seen } }, io);
    expect((await failureOf(replaced)).kind).toBe('changed');
    const version = (await store.stat(FILE, io))!.version!;
    expect(await store.remove([{ path: FILE, kind: 'file', version }], io)).toEqual([]);
    expect(await names(store)).toEqual([]);
  });

  test('an upload in parts becomes a version like any other', async () => {
    const store = await open();
    await store.write(FILE, text('before'), {}, io);
    const session = await store.multipart!.begin(FILE, { partBytes: 5 * MIB, media: {} }, io);
    const first = { number: 1, offset: 0, size: 5 * MIB };
    const last = { number: 2, offset: 5 * MIB, size: 3 };
    const receipts = [
      await session.put(first, bytesSource(Buffer.alloc(5 * MIB)), io),
      await session.put(last, text('end'), io),
    ];
    const stored = await session.commit(receipts, { size: 5 * MIB + 3, checksums: [] }, io);
    expect(stored.proof).toBe('checksum');
    const { version } = stored.entry;
    expect(await textOf(await store.read(FILE, { start: 5 * MIB, version: version! }, io))).toBe('end');
    expect(await kept(bed(), root)).toEqual({ sizes: [5 * MIB + 3, 6], marks: 0 });
  });
});

describe('written as absent where only the mark of a deletion is', () => {
  async function emptied(bed: S3Bed): Promise<ArtifactStore> {
    const store = await storeAt(bed, BUCKET, freshRoot());
    await store.write(FILE, text('first'), {}, io);
    await store.remove([{ path: FILE, kind: 'file' }], io);
    return store;
  }
  const when = { absent: true } as const;

  test('MinIO stores it, once', async () => {
    const store = await emptied(minio);
    await store.write(FILE, text('second'), { when }, io);
    expect((await failureOf(store.write(FILE, text('x'), { when }, io))).kind).toBe('exists');
    expect(await textOf(await store.read(FILE, {}, io))).toBe('second');
  });

  test('versitygw takes the mark for an object: told as what it is, never as something to skip', async () => {
    const store = await emptied(versitygw);
    const { kind, facts } = await failureOf(store.write(FILE, text('second'), { when }, io));
    expect(kind).toBe('conflict');
    expect(facts.hint).toContain('delete markers');
    expect(await store.stat(FILE, io)).toBeUndefined();
  });
});

artifactStoreConformance({
  ...s3ConformanceBed('S3 on MinIO, versioned', () => minio, ['sha256']),
  programs: ['minio'],
  keepsVersions: true,
});
artifactStoreConformance({
  ...s3ConformanceBed('S3 on versitygw, versioned', () => versitygw, ['sha256']),
  programs: ['versitygw'],
  keepsVersions: true,
});
