import { createHash } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { describe, expect, test } from 'vitest';
import { bytesSource } from '../../../../src/artifacts/sources.ts';
import type { Multipart, Receipt, Stored } from '../../../../src/artifacts/store.ts';
import type { Recorded } from '../../../testbeds/listener.ts';
import { acts, credentials, isCreate, md5, net, openServer, owned, startStore } from './direct-rig.ts';
import { at, failureOf, io, json, openProxy, type Opened } from './open-proxy.ts';

const plan = (size: number) => ({ partBytes: 5, size, media: {} });
const multipartOf = ({ store }: Opened): Multipart => store.multipart!;

/** Sends `bytes` in parts of five. */
async function send(opened: Opened, bytes: Buffer, path = 'dir/big.bin'): Promise<Stored> {
  const session = await multipartOf(opened).begin(at(path), plan(bytes.byteLength), io);
  const receipts: Receipt[] = [];
  for (let offset = 0, number = 1; offset < bytes.byteLength; offset += 5, number += 1) {
    const part = bytes.subarray(offset, offset + 5);
    receipts.push(await session.put({ number, offset, size: part.byteLength }, bytesSource(part), io));
  }
  return session.commit(receipts, { size: bytes.byteLength, checksums: [] }, io);
}

describe('an upload in parts', () => {
  const bytes = Buffer.from('twelve bytes');

  test('asks for one URL for each part, gives their ETags back, and believes the listing', async () => {
    const store = await startStore();
    const server = await openServer({ store, listed: 12 });
    expect(await send(server, bytes)).toEqual({
      entry: { path: 'dir/big.bin', kind: 'file', size: 12, checksums: [] },
      proof: 'checksum',
    });
    expect(acts(server)).toEqual([
      'POST /mpu/create/0/r/dir',
      'POST /mpu/complete/0/r/dir',
      'GET /artifacts?path=0%2Fr%2Fdir',
    ]);
    const [begun, finished] = server.requests.map(({ body }) => body.toString());
    expect(JSON.parse(begun ?? '')).toEqual({ path: 'big.bin', num_parts: 3 });
    expect(JSON.parse(finished ?? '')).toMatchObject({
      path: 'big.bin',
      upload_id: 'u',
      parts: [1, 2, 3].map((part_number) => ({
        part_number,
        etag: expect.stringMatching(/^"[0-9a-f]{32}"$/) as string,
      })),
    });
    expect(store.requests.map(({ body }) => body.toString())).toEqual(['twelv', 'e byt', 'es']);
  });

  test('of another process can only be given up', async () => {
    const server = await openServer({ store: await startStore() });
    const session = multipartOf(server).attach!(at('dir/big.bin'), 'upload 1', plan(12));
    expect([session.token, session.confirmed]).toEqual(['upload 1', undefined]);
    const part = { number: 1, offset: 0, size: 5 };
    expect((await failureOf(session.put(part, bytesSource(bytes.subarray(0, 5)), io))).kind).toBe(
      'unsupported',
    );
    const expectation = { size: 0, checksums: [] };
    expect((await failureOf(session.commit([], expectation, io))).kind).toBe('unsupported');
    expect(server.requests).toEqual([]);
    await session.abort(io);
    await session.abort(io);
    expect(acts(server)).toEqual(['POST /mpu/abort/0/r/dir']);
    const [{ body }] = server.requests as [Recorded];
    expect(JSON.parse(body.toString())).toEqual({ path: 'big.bin', upload_id: 'upload 1' });
  });

  test('of another process that has no name, as at Azure, needs no giving up', async () => {
    const server = await openServer({ store: await startStore() });
    await multipartOf(server).attach!(at('dir/big.bin'), '', plan(12)).abort(io);
    expect(server.requests).toEqual([]);
  });

  test('sends the headers that the server gave, and no credentials', async () => {
    const store = await startStore();
    await send(await openServer({ store, listed: 12 }), bytes);
    const [first] = store.requests;
    expect(first?.headers).toMatchObject({
      'x-given': 'for 1',
      host: new URL(store.url).host,
      'content-length': '5',
    });
    expect(first?.headers).not.toHaveProperty('authorization');
  });

  test('speaks the XML protocol of Google Cloud Storage', async () => {
    const store = await startStore(({ body }, response) => {
      const hash = `crc32c=n03x6A==,md5=${createHash('md5').update(body).digest('base64')}`;
      response
        .writeHead(200, { etag: `"${md5(body)}"`, 'x-goog-hash': hash, 'content-type': 'text/html' })
        .end();
    });
    const query = 'partNumber=1&uploadId=VXBsb2Fk&X-Goog-Algorithm=GOOG4-RSA-SHA256&X-Goog-Signature=s3cret';
    const server = await openServer({
      store,
      listed: 12,
      instead: (request, response) => {
        const signed = [{ url: `${store.url}/travel-maps/paris.jpg?${query}`, part_number: 1 }];
        if (isCreate(request)) json(response, 200, { upload_id: 'VXBsb2Fk', credentials: signed });
        return isCreate(request);
      },
    });
    const session = await multipartOf(server).begin(at('dir/big.bin'), { ...plan(12), partBytes: 12 }, io);
    const receipt = await session.put({ number: 1, offset: 0, size: 12 }, bytesSource(bytes), io);
    expect(receipt).toMatchObject({
      tag: `"${md5(bytes)}"`,
      checksum: { algorithm: 'md5', value: md5(bytes) },
    });
    expect((await session.commit([receipt], { size: 12, checksums: [] }, io)).proof).toBe('checksum');
    expect(store.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      `PUT /travel-maps/paris.jpg?${query}`,
    ]);
  });

  test.each([
    ['nothing', undefined],
    ['another size', 11],
  ])('whose object is listed with %s is corrupt', async (_, listed) => {
    const store = await startStore();
    const instead = ({ url }: Recorded, response: ServerResponse) => {
      if (url.includes('?path=') && listed === undefined) json(response, 200, {});
      return url.includes('?path=') && listed === undefined;
    };
    const server = await openServer({ store, ...(listed === undefined ? { instead } : { listed }) });
    expect((await failureOf(send(server, bytes))).kind).toBe('corrupt');
  });

  test('a part that arrives with another MD5 is worth another try; one under a KMS key is not judged', async () => {
    const wrong = { etag: `"${'0'.repeat(32)}"` };
    const strange = await startStore((_, response) => response.writeHead(200, wrong).end());
    const failure = await failureOf(send(await openServer({ store: strange, listed: 12 }), bytes));
    expect([failure.kind, failure.retry]).toEqual(['corrupt', 'later']);
    const keyed = { ...wrong, 'x-amz-server-side-encryption': 'aws:kms' };
    const store = await startStore((_, response) => response.writeHead(200, keyed).end());
    expect((await send(await openServer({ store, listed: 12 }), bytes)).proof).toBe('size');
  });

  test('a store that gives no ETag is corrupt, but not one of Azure, which has no upload id', async () => {
    const store = await startStore((_, response) => response.writeHead(201).end());
    expect((await failureOf(send(await openServer({ store }), bytes))).message).toContain(
      'no ETag for part 1',
    );
    const instead = (request: Recorded, response: ServerResponse) => {
      if (isCreate(request)) json(response, 200, { credentials: credentials(store, 3) });
      return isCreate(request);
    };
    const azure = await openServer({ store, listed: 12, instead });
    expect((await send(azure, bytes)).proof).toBe('size');
    const finished = azure.requests.find(({ url }) => url.includes('/mpu/complete/'));
    const { parts, upload_id: id } = JSON.parse(finished?.body.toString() ?? '') as Record<string, unknown>;
    expect([id, parts]).toEqual([
      undefined,
      [1, 2, 3].map(
        (n) =>
          expect.objectContaining({ url: expect.stringContaining(`partNumber=${n}`) as string }) as unknown,
      ),
    ]);
  });

  test('a source that changes fails as itself, and one of another length is refused', async () => {
    const server = await openServer({ store: await startStore() });
    const session = await multipartOf(server).begin(at('dir/big.bin'), plan(12), io);
    const short = { ...bytesSource(Buffer.from('abc')), size: 5 };
    expect((await failureOf(session.put({ number: 1, offset: 0, size: 5 }, short, io))).kind).toBe('changed');
    const other = session.put({ number: 1, offset: 0, size: 5 }, bytesSource(Buffer.from('abc')), io);
    expect((await failureOf(other)).message).toContain('part 1 has 3 bytes, not 5');
    const fourth = session.put({ number: 4, offset: 15, size: 1 }, bytesSource(Buffer.from('a')), io);
    expect((await failureOf(fourth)).message).toContain('part 4 was not announced');
  });
});

describe('a server', () => {
  const bytes = Buffer.from('twelve bytes');

  test.each([
    ['501', 501, { error_code: 'NOT_IMPLEMENTED', message: 'Multipart upload is not supported' }],
    ['404 of an unknown endpoint', 404, undefined],
    ['405', 405, undefined],
  ])('that answers %s takes no parts, and is asked once', async (_, status, body) => {
    const instead = (request: Recorded, response: ServerResponse) => {
      if (!isCreate(request)) return false;
      if (body) json(response, status, body);
      else response.writeHead(status, { 'content-type': 'text/html' }).end('<!doctype html>Not found');
      return true;
    };
    const server = await openServer({ instead });
    for (let tries = 0; tries < 2; tries += 1)
      expect((await failureOf(send(server, bytes))).kind).toBe('unsupported');
    expect(server.requests.filter(isCreate)).toHaveLength(1);
  });

  test.each([
    [403, 'denied'],
    [500, 'unavailable'],
    [404, 'not-found'],
  ])('that answers %d fails the upload as it is', async (status, kind) => {
    const code = status === 404 ? 'RESOURCE_DOES_NOT_EXIST' : undefined;
    const instead = (request: Recorded, response: ServerResponse) => {
      if (isCreate(request)) json(response, status, { error_code: code, message: 'no' });
      return isCreate(request);
    };
    expect((await failureOf(send(await openServer({ instead }), bytes))).kind).toBe(kind);
  });

  test.each([
    ['no URLs', {}],
    ['too few', { credentials: [{ url: 'http://h/1', part_number: 1 }] }],
    ['URLs of files', { credentials: [1, 2, 3].map((n) => ({ url: 'file:///etc/passwd', part_number: n })) }],
  ])('that gives %s is corrupt, and the upload is given up', async (_, answer) => {
    const instead = (request: Recorded, response: ServerResponse) => {
      if (isCreate(request)) json(response, 200, { upload_id: 'u', ...answer });
      return isCreate(request);
    };
    const server = await openServer({ instead });
    expect((await failureOf(send(server, bytes))).kind).toBe('corrupt');
    expect(acts(server).at(-1)).toBe('POST /mpu/abort/0/r/dir');
  });

  test('that begins an upload while we are told to stop is told to give it up', async () => {
    const store = await startStore();
    const controller = new AbortController();
    const server = await openServer({
      instead: (request, response) => {
        if (!isCreate(request)) return false;
        controller.abort();
        setTimeout(() => json(response, 200, { upload_id: 'u', credentials: credentials(store, 3) }), 50);
        return true;
      },
    });
    const begun = multipartOf(server).begin(at('dir/big.bin'), plan(12), { signal: controller.signal });
    expect((await failureOf(begun)).kind).toBe('cancelled');
    expect(acts(server)).toEqual(['POST /mpu/create/0/r/dir', 'POST /mpu/abort/0/r/dir']);
  });

  test.each(['dir/Train:log', 'dir/a\\b', 'dir/c:d'])('would store %s under another name', async (path) => {
    const server = await openServer({ store: await startStore() });
    expect((await failureOf(send(server, bytes, path))).kind).toBe('unsupported');
    expect(server.requests.filter(isCreate)).toEqual([]);
  });

  const offers = (told: object) => (request: Recorded, response: ServerResponse) => {
    if (!request.url.includes('/server-info')) return false;
    json(response, 200, told);
    return true;
  };

  test.each([
    [{ multipart_uploads_enabled: true }, undefined, true],
    [{ multipart_uploads_enabled: false }, undefined, false],
    [{ multipart_uploads_enabled: true }, false, false],
    [{ multipart_uploads_enabled: false }, true, true],
    [{ artifacts_presigned_only: true }, false, true],
  ])('that says %j, with the setting %s, takes parts: %s', async (told, upload, takes) => {
    const store = await startStore();
    const way = { net: () => net, fromBytes: 0, partBytes: 1, ...(upload === undefined ? {} : { upload }) };
    const instead = offers(told);
    const server = owned(
      await openProxy(
        (request, response) => {
          if (instead(request, response)) return;
          json(response, 200, { upload_id: 'u', credentials: credentials(store, 3) });
        },
        { direct: way },
      ),
    );
    const begun = multipartOf(server).begin(at('dir/big.bin'), plan(12), io);
    if (takes) expect((await begun).token).toBe('u');
    else expect((await failureOf(begun)).kind).toBe('unsupported');
  });
});
