import { crc32 } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { bytesSource } from '../../../../src/artifacts/sources.ts';
import type { ArtifactStore, Receipt } from '../../../../src/artifacts/store.ts';
import { parseArtifactPath } from '../../../../src/core/artifact-path.ts';
import type { Io } from '../../../../src/core/io.ts';
import { startListener, type Answer, type Listener } from '../../../testbeds/listener.ts';
import { connectTo, s3Location } from '../../../testbeds/s3-store.ts';

const io: Io = { signal: new AbortController().signal };
const path = parseArtifactPath('x');
const PART = 5 * 1024 ** 2;
const pieces = [Buffer.alloc(PART, 1), Buffer.from('the rest')];
const base64 = (value: number): string =>
  Buffer.from(value.toString(16).padStart(8, '0'), 'hex').toString('base64');
const WHOLE = crc32(Buffer.concat(pieces));

let stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
  stops = [];
});

interface Server {
  readonly store: ArtifactStore;
  readonly listener: Listener;
}

async function against(answer: Answer, checksum?: 'when_required'): Promise<Server> {
  const listener = await startListener(answer);
  const target = { endpoint: listener.url, region: 'us-east-1', accessKeyId: 'k', secretAccessKey: 's' };
  const backend = await connectTo(target, checksum ? { checksum } : {});
  stops.push(
    async () => listener.stop(),
    async () => backend.close(),
  );
  return { store: backend.at(s3Location('bkt', 'root')), listener };
}

/** A server that answers an upload in parts, and begins it with these headers. */
const serving =
  (told: Readonly<Record<string, string>>, finished = ''): Answer =>
  ({ url, method, headers }, response) => {
    if (url.includes('uploads=')) response.writeHead(200, told).end('<R><UploadId>u</UploadId></R>');
    else if (method === 'PUT') response.setHeader('etag', `"tag-${headers['content-length'] ?? ''}"`).end();
    else if (method === 'POST') response.end(`<R><ETag>"done-2"</ETag>${finished}</R>`);
    else response.writeHead(200, { etag: '"done-2"', 'content-length': String(PART + 8) }).end();
  };

async function upload({ store }: Server) {
  const session = await store.multipart!.begin(path, { partBytes: PART, media: {} }, io);
  const receipts: Receipt[] = [];
  for (const [index, bytes] of pieces.entries()) {
    const part = { number: index + 1, offset: index * PART, size: bytes.byteLength };
    receipts.push(await session.put(part, bytesSource(bytes), io));
  }
  return session.commit(receipts, { size: PART + 8, checksums: [] }, io);
}

const ASKED = { 'x-amz-checksum-algorithm': 'CRC32', 'x-amz-checksum-type': 'FULL_OBJECT' };

function requestsOf({ listener: { requests } }: Server) {
  const commit = requests.find(({ url, method }) => method === 'POST' && !url.includes('uploads='));
  return {
    begins: requests.filter(({ url }) => url.includes('uploads=')),
    parts: requests.filter(({ url }) => url.includes('partNumber=')),
    commit: { headers: commit?.headers ?? {}, text: commit?.body.toString() ?? '' },
  };
}

describe('parts of an object', () => {
  test('carry a CRC-32, of which the server makes one of the whole, and that proves it', async () => {
    const server = await against(serving(ASKED, `<ChecksumCRC32>${base64(WHOLE)}</ChecksumCRC32>`));
    const stored = await upload(server);
    const { begins, parts, commit } = requestsOf(server);
    expect(begins[0]?.headers).toMatchObject(ASKED);
    expect(parts.map(({ headers }) => headers['x-amz-checksum-crc32'])).toEqual(
      pieces.map((bytes) => base64(crc32(bytes))),
    );
    expect(commit.headers).toMatchObject({
      'x-amz-checksum-type': 'FULL_OBJECT',
      'x-amz-checksum-crc32': base64(WHOLE),
    });
    expect(commit.text.match(/<ChecksumCRC32>/g)).toHaveLength(2);
    const value = WHOLE.toString(16).padStart(8, '0');
    expect(stored).toMatchObject({
      proof: 'checksum',
      entry: { checksums: [{ algorithm: 'crc32', value }] },
    });
  });

  test('carry it where the server knows none of the whole, which is not asked for then', async () => {
    const server = await against(serving({ 'x-amz-checksum-algorithm': 'CRC32' }));
    expect((await upload(server)).proof).toBe('size');
    const { parts, commit } = requestsOf(server);
    expect(parts[0]?.headers['x-amz-checksum-crc32']).toBe(base64(crc32(pieces[0] ?? '')));
    expect(commit.headers).not.toHaveProperty('x-amz-checksum-type');
    expect(commit.headers).not.toHaveProperty('x-amz-checksum-crc32');
    expect(commit.text.match(/<ChecksumCRC32>/g)).toHaveLength(2);
  });

  test.each([
    ['refuses it with a 501', 501, 'NotImplemented'],
    ['refuses it with a 400', 400, 'InvalidArgument'],
    ['does not mention it', 0, ''],
  ])('carry none where the server %s', async (_what, status, code) => {
    const server = await against((request, response) => {
      const isAsked = request.headers['x-amz-checksum-algorithm'] !== undefined;
      if (isAsked && status > 0) response.writeHead(status).end(`<Error><Code>${code}</Code></Error>`);
      else serving({})(request, response);
    });
    expect((await upload(server)).proof).toBe('size');
    const { begins, parts, commit } = requestsOf(server);
    expect(begins).toHaveLength(status > 0 ? 2 : 1);
    for (const { headers } of parts) expect(headers).not.toHaveProperty('x-amz-checksum-crc32');
    expect(commit.text).not.toContain('Checksum');
  });

  test('carry none where only needed ones are wanted', async () => {
    const server = await against(serving(ASKED), 'when_required');
    await upload(server);
    expect(requestsOf(server).begins[0]?.headers).not.toHaveProperty('x-amz-checksum-algorithm');
  });

  test('of an upload that is taken up again carry what it was begun with', async () => {
    const listed =
      '<R><ChecksumAlgorithm>CRC32</ChecksumAlgorithm><ChecksumType>FULL_OBJECT</ChecksumType></R>';
    const server = await against((request, response) => {
      if (request.method === 'GET') response.end(listed);
      else serving({})(request, response);
    });
    const session = server.store.multipart!.attach!(path, 'u', { partBytes: PART, media: {} });
    for await (const page of session.confirmed!(io)) expect(page).toEqual([]);
    await session.put({ number: 1, offset: 0, size: 8 }, bytesSource(Buffer.from('the rest')), io);
    expect(requestsOf(server).parts[0]?.headers['x-amz-checksum-crc32']).toBe(base64(crc32('the rest')));
  });
});

describe('a server that refuses to be asked for checksums', () => {
  test('is read all the same, and asked once', async () => {
    const server = await against((request, response) => {
      if (request.headers['x-amz-checksum-mode'] !== undefined)
        response.writeHead(400).end('<Error><Code>InvalidArgument</Code></Error>');
      else
        response
          .writeHead(200, { etag: '"v"', 'content-length': '2' })
          .end(request.method === 'GET' ? 'ab' : '');
    });
    for (let reads = 0; reads < 2; reads += 1) {
      const { stream } = await server.store.read(path, {}, io);
      expect(await stream.toArray()).toEqual([Buffer.from('ab')]);
    }
    expect(server.listener.requests).toHaveLength(3);
    expect((await server.store.stat(path, io))?.size).toBe(2);
  });

  test('is not said to refuse it when the object itself cannot be read', async () => {
    const server = await against((_, response) => {
      response.writeHead(400).end('<Error><Code>InvalidRequest</Code><Message>no key</Message></Error>');
    });
    for (let reads = 0; reads < 2; reads += 1) {
      await expect(server.store.read(path, {}, io)).rejects.toMatchObject({ kind: 'invalid' });
    }
    expect(server.listener.requests).toHaveLength(4);
  });
});
