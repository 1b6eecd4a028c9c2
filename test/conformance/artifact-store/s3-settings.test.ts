import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GetObjectTaggingCommand, HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { bytesSource } from '../../../src/artifacts/sources.ts';
import type { ArtifactStore } from '../../../src/artifacts/store.ts';
import { parseArtifactPath } from '../../../src/core/artifact-path.ts';
import type { Io } from '../../../src/core/io.ts';
import { createNet } from '../../../src/net/create-net.ts';
import { startMinio, startVersitygw, type S3Bed } from '../../testbeds/s3.ts';
import { storeAt, type Target } from '../../testbeds/s3-store.ts';
import { failureOf } from './expect-failure.ts';

const BUCKET = 'settings';
const MIB = 1024 * 1024;
const io: Io = { signal: new AbortController().signal };
const path = parseArtifactPath;

let minio: S3Bed;
let versitygw: S3Bed;

beforeAll(async () => {
  [minio, versitygw] = await Promise.all([startMinio(), startVersitygw()]);
  await minio.createBucket(BUCKET);
  await versitygw.createBucket(BUCKET);
});
afterAll(async () => {
  await Promise.all([minio.stop(), versitygw.stop()]);
});

async function drain(store: ArtifactStore): Promise<string[]> {
  const names: string[] = [];
  for await (const page of store.list('', { recursive: true }, io)) names.push(...page.map((e) => e.path));
  return names;
}

describe('regions', () => {
  test('the region that a server insists on is learned by every verb and signed anew', async () => {
    const bed = await startMinio({ region: 'eu-south-2' });
    try {
      await bed.createBucket(BUCKET);
      const told: Target = { ...bed, region: 'us-east-1' };
      const verbs: ((store: ArtifactStore) => Promise<unknown>)[] = [
        async (store) => store.write(path('a/file'), bytesSource(Buffer.alloc(3 * MIB)), {}, io),
        async (store) => store.stat(path('a/file'), io),
        async (store) => drain(store),
        async (store) => (await store.read(path('a/file'), { start: 1, length: 2 }, io)).stream.toArray(),
        async (store) => store.facts(io),
        async (store) => store.remove([{ path: path('a/file'), kind: 'file' }], io),
      ];
      for (const verb of verbs) await verb(await storeAt(told, BUCKET));
      expect(await drain(await storeAt(told, BUCKET))).toEqual([]);
    } finally {
      await bed.stop();
    }
  });
});

test('the bucket in the host name, where the server has a domain', async () => {
  const bed = await startMinio({ domain: 'localhost' });
  try {
    await bed.createBucket(BUCKET);
    const { port } = new URL(bed.endpoint);
    // The server is its own proxy, so that no name needs to be looked up.
    const net = createNet({ verifyTls: true, connectMs: 5_000, maxSockets: 4, httpProxy: bed.endpoint });
    const target: Target = { ...bed, endpoint: `http://localhost:${port}` };
    const store = await storeAt(target, BUCKET, 'dir', { addressingStyle: 'virtual', net });
    await store.write(path('a b'), bytesSource(Buffer.from('x')), {}, io);
    expect(await drain(store)).toEqual(['a b']);
    expect(await drain(await storeAt(bed, BUCKET))).toEqual(['dir/a b']);
    net.close();
  } finally {
    await bed.stop();
  }
});

describe('upload arguments', () => {
  test('a KMS key, tags, metadata and media reach MinIO, in one piece and in parts', async () => {
    const store = await storeAt(minio, BUCKET, 'extra', {
      uploadExtraArgs: {
        ServerSideEncryption: 'aws:kms',
        SSEKMSKeyId: 'my-key',
        Tagging: 'team=ml&stage=test',
        Metadata: { Owner: 'me' },
        CacheControl: 'no-cache',
      },
    });
    const media = { type: 'text/csv', encoding: 'gzip' };
    const stored = await store.write(path('one.csv.gz'), bytesSource(Buffer.from('x'), media), {}, io);
    expect(stored.proof).toBe('checksum');
    const session = await store.multipart!.begin(path('parts.csv.gz'), { partBytes: 5 * MIB, media }, io);
    const part = { number: 1, offset: 0, size: 5 * MIB };
    const receipt = await session.put(part, bytesSource(Buffer.alloc(5 * MIB)), io);
    await session.commit([receipt], { size: 5 * MIB, checksums: [] }, io);
    for (const name of ['one.csv.gz', 'parts.csv.gz']) {
      const at = { Bucket: BUCKET, Key: `extra/${name}` };
      expect(await minio.client.send(new HeadObjectCommand(at))).toMatchObject({
        ServerSideEncryption: 'aws:kms',
        SSEKMSKeyId: 'arn:aws:kms:my-key',
        ContentType: 'text/csv',
        ContentEncoding: 'gzip',
        CacheControl: 'no-cache',
        Metadata: { owner: 'me' },
      });
      const tags = await minio.client.send(new GetObjectTaggingCommand(at));
      expect(tags.TagSet).toContainEqual({ Key: 'team', Value: 'ml' });
      expect((await store.stat(path(name), io))?.checksums.map((c) => c.algorithm)).not.toContain('md5');
    }
  });

  test('an unknown KMS key is a setting to mend', async () => {
    const uploadExtraArgs = { ServerSideEncryption: 'aws:kms', SSEKMSKeyId: 'other' };
    const store = await storeAt(minio, BUCKET, 'extra', { uploadExtraArgs });
    const failure = await failureOf(store.write(path('x'), bytesSource(Buffer.from('x')), {}, io));
    expect(failure.facts).toMatchObject({ kind: 'misconfigured', settings: ['s3.uploadExtraArgs'] });
  });

  test('every checksum algorithm that boto3 knows is taken and confirmed', async () => {
    for (const ChecksumAlgorithm of ['CRC32', 'CRC32C', 'CRC64NVME', 'SHA1', 'SHA256']) {
      const store = await storeAt(minio, BUCKET, 'sums', { uploadExtraArgs: { ChecksumAlgorithm } });
      const name = path(ChecksumAlgorithm);
      await store.write(name, bytesSource(Buffer.from('summed')), {}, io);
      const entry = await store.stat(name, io);
      expect(entry?.checksums.map(({ algorithm }) => algorithm)).toContain(ChecksumAlgorithm.toLowerCase());
    }
  });

  test('when_supported sends CRC32 with objects and parts', async () => {
    for (const bed of [minio, versitygw]) {
      const store = await storeAt(bed, BUCKET, 'crc', { checksum: 'when_supported' });
      expect((await store.write(path('one'), bytesSource(Buffer.from('x')), {}, io)).proof).toBe('checksum');
      expect((await store.stat(path('one'), io))?.checksums).toContainEqual({
        algorithm: 'crc32',
        value: '8cdc1683',
        scope: 'whole',
      });
      const session = await store.multipart!.begin(path('parts'), { partBytes: 5 * MIB, media: {} }, io);
      const first = await session.put(
        { number: 1, offset: 0, size: 5 * MIB },
        bytesSource(Buffer.alloc(5 * MIB)),
        io,
      );
      const last = await session.put(
        { number: 2, offset: 5 * MIB, size: 1 },
        bytesSource(Buffer.from('z')),
        io,
      );
      const stored = await session.commit([last, first], { size: 5 * MIB + 1, checksums: [] }, io);
      expect(stored.proof).toBe('checksum');
    }
  });
});

describe('customer keys', () => {
  test('objects under a customer key are written, looked at and read back only with it', async () => {
    const bed = await startMinio({ tls: true });
    try {
      await bed.createBucket(BUCKET);
      const key = { SSECustomerAlgorithm: 'AES256', SSECustomerKey: '0123456789abcdef0123456789abcdef' };
      const store = await storeAt(bed, BUCKET, '', { uploadExtraArgs: key });
      const stored = await store.write(path('file'), bytesSource(Buffer.from('secret')), {}, io);
      expect(stored.proof).toBe('checksum');
      expect((await store.stat(path('file'), io))?.size).toBe(6);
      const body = await store.read(path('file'), { start: 2, length: 3 }, io);
      expect(Buffer.concat((await body.stream.toArray()) as Buffer[]).toString()).toBe('cre');
      const without = await storeAt(bed, BUCKET);
      await failureOf(without.read(path('file'), {}, io));
      expect(await drain(without)).toEqual(['file']);
    } finally {
      await bed.stop();
    }
  });
});

test('the stock client reads what we wrote under odd names, and we read its markers', async () => {
  const store = await storeAt(versitygw, BUCKET, 'names');
  await store.write(path('a b+c%20d.txt'), bytesSource(Buffer.from('x')), {}, io);
  const at = { Bucket: BUCKET, Key: 'names/a b+c%20d.txt' };
  expect((await versitygw.client.send(new HeadObjectCommand(at))).ContentLength).toBe(1);
  await versitygw.client.send(
    new PutObjectCommand({ Bucket: BUCKET, Key: 'names/folder/', Body: new Uint8Array() }),
  );
  expect(await drain(store)).toEqual(['a b+c%20d.txt']);
});
