import { afterEach, describe, expect, test } from 'vitest';
import type { ServerResponse } from 'node:http';
import { bytesSource } from '../../../../src/artifacts/sources.ts';
import type { ArtifactStore } from '../../../../src/artifacts/store.ts';
import { parseArtifactPath, type Under } from '../../../../src/core/artifact-path.ts';
import { Failure } from '../../../../src/core/failure.ts';
import type { Io } from '../../../../src/core/io.ts';
import { startListener, type Answer, type Listener } from '../../../testbeds/listener.ts';
import { connectTo, s3Location } from '../../../testbeds/s3-store.ts';

const io: Io = { signal: new AbortController().signal };
const path = parseArtifactPath;
let stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
  stops = [];
});

/** A store at an S3 server that answers as told. */
async function against(answer: Answer, root = 'root'): Promise<{ store: ArtifactStore; listener: Listener }> {
  const listener = await startListener(answer);
  const backend = await connectTo({
    endpoint: listener.url,
    region: 'us-east-1',
    accessKeyId: 'key',
    secretAccessKey: 'a-secret',
  });
  stops.push(
    async () => listener.stop(),
    async () => backend.close(),
  );
  return { store: backend.at(s3Location('bkt', root)), listener };
}

function error(response: ServerResponse, status: number, code: string, more = ''): void {
  response.writeHead(status, { 'content-type': 'application/xml' });
  response.end(`<Error><Code>${code}</Code><Message>said the server</Message>${more}</Error>`);
}

async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const thrown: unknown = await promise.catch((caught: unknown) => caught);
  expect(thrown).toBeInstanceOf(Failure);
  return thrown as Failure;
}

async function listed(store: ArtifactStore, under: Under = '', recursive = true): Promise<string[]> {
  const names: string[] = [];
  for await (const page of store.list(under, { recursive }, io))
    names.push(...page.map((entry) => entry.path));
  return names;
}

describe('errors', () => {
  test.each([
    [404, 'NoSuchBucket', 'not-found', 'never'],
    [403, 'AccessDenied', 'denied', 'never'],
    [403, 'InvalidAccessKeyId', 'unauthenticated', 'never'],
    [403, 'SignatureDoesNotMatch', 'unauthenticated', 'never'],
    [400, 'ExpiredToken', 'unauthenticated', 'reauthenticate'],
    [403, 'RequestTimeTooSkewed', 'unauthenticated', 'never'],
    [503, 'SlowDown', 'throttled', 'later'],
    [503, '', 'throttled', 'later'],
    [429, '', 'throttled', 'later'],
    [500, 'InternalError', 'unavailable', 'later'],
    [502, '', 'unavailable', 'later'],
    [400, 'RequestTimeout', 'timeout', 'later'],
    [409, 'OperationAborted', 'conflict', 'later'],
    [507, 'XMinioStorageFull', 'no-space', 'never'],
    [400, 'EntityTooLarge', 'too-large', 'never'],
    [400, 'BadDigest', 'corrupt', 'later'],
    [501, 'NotImplemented', 'unsupported', 'never'],
    [400, 'KMS.NotFoundException', 'misconfigured', 'never'],
    [400, 'KeyTooLongError', 'invalid', 'never'],
    [418, 'Teapot', 'invalid', 'never'],
    [403, 'toString', 'denied', 'never'],
  ])('%i %s is %s, retry %s', async (status, code, kind, retry) => {
    const { store } = await against((_, response) => error(response, status, code));
    const { facts } = await failureOf(store.write(path('x'), bytesSource(Buffer.from('x')), {}, io));
    expect(facts.kind).toBe(kind);
    expect(facts.retry ?? 'never').toBe(retry);
    expect(facts.message).toContain('cannot store s3://bkt/root/x');
    expect(facts.vendor?.status).toBe(status);
  });

  test('Retry-After is told in ms, and a page of HTML is no error document', async () => {
    const { store } = await against((_, response) => {
      response.writeHead(503, { 'retry-after': '7' });
      response.end('<!DOCTYPE html><html><Code>AccessDenied</Code></html>');
    });
    const { facts } = await failureOf(listed(store));
    expect(facts).toMatchObject({ kind: 'throttled', retryAfterMs: 7000, vendor: { status: 503 } });
    expect(facts.vendor).not.toHaveProperty('code');
  });

  test('a commit whose 200 holds an error is a failure', async () => {
    const { store } = await against((request, response) => {
      if (request.url.includes('uploads')) response.end('<R><UploadId>u</UploadId></R>');
      else response.end('<?xml version="1.0"?>\n<Error><Code>InternalError</Code></Error>');
    });
    const session = await store.multipart!.begin(path('x'), { partBytes: 5 * 1024 ** 2, media: {} }, io);
    const receipt = { number: 1, offset: 0, size: 1, tag: '0cc175b9c0f1b6a831c399e269772661' };
    const { facts } = await failureOf(session.commit([receipt], { size: 1, checksums: [] }, io));
    expect(facts).toMatchObject({ kind: 'unavailable', retry: 'later', effect: 'unknown' });
  });
});

describe('regions', () => {
  test('a malformed scope names the region; the request is signed anew for it, once', async () => {
    const { store, listener } = await against((request, response) => {
      if (request.headers.authorization?.includes('/eu-west-9/')) response.end();
      else error(response, 400, 'AuthorizationHeaderMalformed', '<Region>eu-west-9</Region>');
    });
    await store.write(path('x'), bytesSource(Buffer.from('x')), {}, io);
    await store.write(path('y'), bytesSource(Buffer.from('y')), {}, io);
    expect(listener.requests).toHaveLength(3);
  });

  test('a server that names region after region is asked twice at most', async () => {
    let asked = 0;
    const { store, listener } = await against((_, response) => {
      asked += 1;
      error(response, 400, 'AuthorizationHeaderMalformed', `<Region>region-${asked}</Region>`);
    });
    expect((await failureOf(listed(store))).kind).toBe('misconfigured');
    expect(listener.requests).toHaveLength(2);
  });
});

describe('listings', () => {
  const page = (body: string): string => `<ListBucketResult>${body}</ListBucketResult>`;
  const file = (key: string, size = 1): string =>
    `<Contents><Key>${key}</Key><Size>${size}</Size><ETag>&quot;e&quot;</ETag></Contents>`;

  test('names are decoded once, a plus as a space, only when the server says that they are encoded', async () => {
    const encoded = '<EncodingType>url</EncodingType>' + file('root/a+b%2Bc%2520d');
    const plain = file('root/a+b%2Bc &amp; d');
    const one = await against((_, response) => response.end(page(encoded)));
    expect(await listed(one.store)).toEqual(['a b+c%20d']);
    const two = await against((_, response) => response.end(page(plain)));
    expect(await listed(two.store)).toEqual(['a+b%2Bc & d']);
  });

  test('markers are no entries, empty files are', async () => {
    const body = file('root/', 0) + file('root/dir/', 0) + file('root/empty', 0);
    const { store } = await against((_, response) => response.end(page(body)));
    expect(await listed(store)).toEqual(['empty']);
  });

  test.each(['root/../up', 'root//x', 'root/./x', 'root/full/', 'elsewhere/../x'])(
    'the hostile name %s is an error',
    async (key) => {
      const { store } = await against((_, response) => response.end(page(file(key, 5))));
      expect((await failureOf(listed(store))).kind).toBe('invalid');
    },
  );

  test('entities are never expanded and broken XML is corrupt', async () => {
    const bomb = `<!DOCTYPE x [<!ENTITY a "root/boom">]>${page(file('&a;'))}`;
    const one = await against((_, response) => response.end(bomb));
    await failureOf(listed(one.store));
    const two = await against((_, response) => response.end('<ListBucketResult><Contents>'));
    expect((await failureOf(listed(two.store))).kind).toBe('corrupt');
    const three = await against((_, response) => response.end(page('<IsTruncated>true</IsTruncated>')));
    expect((await failureOf(listed(three.store))).kind).toBe('corrupt');
  });

  test('a root of the whole bucket has no prefix', async () => {
    const { store, listener } = await against((_, response) => response.end(page(file('a/b'))), '');
    expect(await listed(store)).toEqual(['a/b']);
    expect(listener.requests[0]?.url).toContain('prefix=');
    expect(listener.requests[0]?.url).toMatch(/^\/bkt\?.*prefix=(&|$)/);
  });
});

describe('removals', () => {
  const removal = (name: string) => ({ path: path(name), kind: 'file' as const });

  test('per-key errors become undone, one by one; names survive XML', async () => {
    const { store, listener } = await against((_, response) =>
      response.end(
        '<DeleteResult><Error><Key>root/b &amp; c</Key><Code>AccessDenied</Code></Error>' +
          '<Error><Key>root/gone</Key><Code>NoSuchKey</Code></Error></DeleteResult>',
      ),
    );
    const undone = await store.remove([removal('a'), removal('b & c'), removal('gone')], io);
    expect(undone.map((each) => [each.removal.path, each.failure.kind])).toEqual([['b & c', 'denied']]);
    expect(listener.requests[0]?.headers['content-md5']).toBeDefined();
    expect(listener.requests[0]?.body.toString()).toContain('<Key>root/b &amp; c</Key>');
  });

  test.each(['NotImplemented', 'MissingContentMD5'])('at %s every key is removed by itself', async (code) => {
    const { store, listener } = await against((request, response) => {
      if (request.method === 'POST') error(response, code === 'NotImplemented' ? 501 : 400, code);
      else if (request.url.endsWith('/b')) error(response, 403, 'AccessDenied');
      else response.writeHead(204).end();
    });
    const undone = await store.remove([removal('a'), removal('b')], io);
    expect(undone.map((each) => each.removal.path)).toEqual(['b']);
    expect(listener.requests.filter(({ method }) => method === 'DELETE')).toHaveLength(2);
  });

  test('a name that XML cannot carry is removed by itself', async () => {
    const { store, listener } = await against((_, response) => response.writeHead(204).end());
    expect(await store.remove([removal('bell\u0007')], io)).toEqual([]);
    expect(listener.requests.map(({ method, url }) => `${method} ${url}`)).toEqual([
      'DELETE /bkt/root/bell%07',
    ]);
  });
});

describe('reads and writes', () => {
  test('a server that ignores the range is found out', async () => {
    const { store } = await against((_, response) => response.end('whole object'));
    expect((await failureOf(store.read(path('x'), { start: 3 }, io))).kind).toBe('unsupported');
    const whole = await store.read(path('x'), { length: 100 }, io);
    expect(Buffer.concat((await whole.stream.toArray()) as Buffer[]).toString()).toBe('whole object');
  });

  test('a server that gives another range is found out', async () => {
    const { store } = await against((_, response) => {
      response.writeHead(206, { 'content-range': 'bytes 0-3/9' });
      response.end('four');
    });
    expect((await failureOf(store.read(path('x'), { start: 3, length: 4 }, io))).kind).toBe('corrupt');
  });

  test('a server that does not know conditions is asked first and then without', async () => {
    const { store, listener } = await against((request, response) => {
      if (request.method === 'HEAD') response.writeHead(404).end();
      else if (request.method === 'GET') response.end('<ListBucketResult/>');
      else if (request.headers['if-none-match'] === undefined) response.end();
      else error(response, 501, 'NotImplemented');
    });
    await store.write(path('x'), bytesSource(Buffer.from('x')), { when: { absent: true } }, io);
    expect(listener.requests.map(({ method }) => method)).toEqual(['HEAD', 'GET', 'PUT', 'PUT']);
  });

  test('over plain http the signature covers the bytes', async () => {
    const { store, listener } = await against((_, response) => response.end());
    const stored = await store.write(path('x'), bytesSource(Buffer.from('x')), {}, io);
    expect(stored.proof).toBe('checksum');
    expect(listener.requests[0]?.headers['x-amz-content-sha256']).toBe(
      '2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881',
    );
    expect(JSON.stringify(listener.requests)).not.toContain('a-secret');
  });
});
