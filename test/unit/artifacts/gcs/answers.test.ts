import { afterEach, describe, expect, test } from 'vitest';
import { bytesSource } from '../../../../src/artifacts/sources.ts';
import type { ArtifactStore, Source } from '../../../../src/artifacts/store.ts';
import { failureOf } from '../../../conformance/artifact-store/expect-failure.ts';
import { gcsStoreAt } from '../../../testbeds/fake-gcs.ts';
import { startListener, type Answer, type Listener } from '../../../testbeds/listener.ts';
import { at, crc32cOf, done, io, refuse, resourceOf } from './play-session.ts';

let service: Listener;
afterEach(async () => service.stop());

async function answering(answer: Answer, root = ''): Promise<ArtifactStore> {
  service = await startListener(answer);
  return gcsStoreAt(service.url, 'bucket', root, { downloadChunkSize: 262_144 });
}

describe('refusals', () => {
  test.each([
    [401, 'authError', 'unauthenticated', 'never'],
    [403, 'forbidden', 'denied', 'never'],
    [403, 'rateLimitExceeded', 'throttled', 'later'],
    [403, 'retentionPolicyNotMet', 'refused', 'never'],
    [400, 'userProjectMissing', 'unsupported', 'never'],
    [400, 'invalid', 'invalid', 'never'],
    [408, 'requestTimeout', 'unavailable', 'later'],
    [409, 'conflict', 'conflict', 'later'],
    [429, 'rateLimitExceeded', 'throttled', 'later'],
    [500, 'internalError', 'unavailable', 'later'],
    [503, 'backendError', 'unavailable', 'later'],
    [507, 'full', 'no-space', 'never'],
  ] as const)('%d %s is %s, retry %s', async (status, reason, kind, retry) => {
    const store = await answering((_, response) => refuse(response, status, reason));
    const failure = await failureOf(store.stat(at('file'), io));
    expect([failure.kind, failure.retry]).toEqual([kind, retry]);
    expect(failure.facts.vendor).toMatchObject({ status, code: reason });
    expect(failure.facts.subject).toBe('gs://bucket/file');
  });

  test('a page that is no answer of the service is told by its status; Retry-After is kept', async () => {
    const store = await answering((_, response) =>
      response.writeHead(503, { 'retry-after': '7' }).end('<html>busy</html>'),
    );
    const { facts } = await failureOf(store.stat(at('file'), io));
    expect(facts).toMatchObject({ kind: 'unavailable', retryAfterMs: 7000 });
  });

  test('a success that is no JSON is corrupt', async () => {
    const store = await answering((_, response) => response.end('<html>Sign in</html>'));
    expect((await failureOf(store.stat(at('file'), io))).kind).toBe('corrupt');
  });

  test('an absent object is told from an absent bucket, and the bucket is asked once', async () => {
    const store = await answering(({ url }, response) => {
      if (url.startsWith('/storage/v1/b/bucket/o?')) response.end('{}');
      else refuse(response, 404, 'notFound');
    });
    expect(await store.stat(at('file'), io)).toBeUndefined();
    expect(await store.stat(at('other'), io)).toBeUndefined();
    expect(service.requests).toHaveLength(3);
  });

  test('a bucket that must not be listed exists', async () => {
    const store = await answering(({ url }, response) =>
      refuse(response, url.includes('maxResults') ? 403 : 404, 'forbidden'),
    );
    expect(await store.stat(at('file'), io)).toBeUndefined();
    expect((await failureOf(store.facts(io))).kind).toBe('denied');
  });
});

describe('reads', () => {
  const media =
    (extra: Record<string, string>): Answer =>
    (_, response) =>
      response
        .writeHead(206, {
          'content-length': '3',
          'content-range': 'bytes 0-2/3',
          'x-goog-generation': '5',
          'x-goog-hash': `crc32c=${crc32cOf(Buffer.from('abc'))},md5=kAFQmDzST7DWlj99KOF/cg==`,
          'last-modified': 'Fri, 02 Jan 2026 03:04:05 GMT',
          ...extra,
        })
        .end('abc');

  test('ask for the bytes as they are stored and tell what is known of the whole', async () => {
    const store = await answering(
      media({ 'content-encoding': 'gzip', 'x-goog-stored-content-encoding': 'gzip' }),
    );
    const body = await store.read(at('a b/c#?%'), {}, io);
    expect(Buffer.concat((await body.stream.toArray()) as Buffer[]).toString()).toBe('abc');
    expect(body.entry).toMatchObject({
      size: 3,
      version: { id: '5', strong: true },
      checksums: [
        { algorithm: 'crc32c', value: '364b3fb7', scope: 'whole' },
        { algorithm: 'md5', value: '900150983cd24fb0d6963f7d28e17f72', scope: 'whole' },
      ],
    });
    const [request] = service.requests;
    expect(request?.url).toBe('/storage/v1/b/bucket/o/a%20b%2Fc%23%3F%25?alt=media');
    expect(request?.headers).toMatchObject({ range: 'bytes=0-262143', 'accept-encoding': 'gzip' });
  });

  test('refuse bytes that were decoded on the way', async () => {
    const store = await answering(media({ 'x-goog-stored-content-encoding': 'gzip' }));
    expect((await failureOf(store.read(at('file'), {}, io))).kind).toBe('unsupported');
  });

  test('refuse another part than was asked for, and another generation', async () => {
    const store = await answering(media({ 'content-range': 'bytes 1-3/4' }));
    expect((await failureOf(store.read(at('file'), {}, io))).kind).toBe('corrupt');
    await service.stop();
    const other = await answering(media({}));
    const version = { id: '4', strong: true };
    expect((await failureOf(other.read(at('file'), { version }, io))).kind).toBe('changed');
    expect(service.requests[0]?.url).toContain('ifGenerationMatch=4');
  });
});

describe('writes', () => {
  const bytes = Buffer.from('content');

  test('send metadata with the CRC32C and the content type, never an encoding', async () => {
    const store = await answering((_, response) => done(response, bytes), 'root');
    const media = { type: 'text/csv', encoding: 'gzip' };
    const stored = await store.write(at('t.csv.gz'), bytesSource(bytes, media), {}, io);
    expect(stored.proof).toBe('checksum');
    const [request] = service.requests;
    expect(request?.url).toContain('uploadType=multipart&name=root%2Ft.csv.gz');
    const boundary = /boundary=(.+)$/.exec(request?.headers['content-type'] ?? '')?.[1] ?? '';
    const [, metadata, content] = request?.body.toString().split(`--${boundary}`) ?? [];
    expect(JSON.parse(metadata?.split('\r\n\r\n')[1] ?? '')).toEqual({
      contentType: 'text/csv',
      crc32c: crc32cOf(bytes),
    });
    expect(content).toBe('\r\ncontent-type: text/csv\r\n\r\ncontent\r\n');
  });

  test.each([
    [{ absent: true } as const, 'ifGenerationMatch=0', 'exists'],
    [{ version: { id: '9', strong: true } } as const, 'ifGenerationMatch=9', 'changed'],
  ])('under a condition that is not met fail', async (when, query, kind) => {
    const store = await answering(({ method, url }, response) => {
      if (method === 'POST') refuse(response, 412, 'conditionNotMet');
      else if (kind === 'changed' && url.includes('/o/')) response.end(resourceOf(bytes, '9'));
      else if (url.includes('/o/')) refuse(response, 404, 'notFound');
      else response.end('{}');
    });
    const failure = await failureOf(store.write(at('file'), bytesSource(bytes), { when }, io));
    expect(failure.kind).toBe(kind);
    expect(service.requests.at(-1)?.url).toContain(query);
  });

  test('that arrive as something else are taken back', async () => {
    const store = await answering(({ method }, response) => {
      if (method === 'POST') done(response, Buffer.from('contenT'), '33');
      else response.writeHead(204).end();
    });
    const failure = await failureOf(store.write(at('file'), bytesSource(bytes), {}, io));
    expect(failure.kind).toBe('corrupt');
    expect(service.requests.at(-1)).toMatchObject({
      method: 'DELETE',
      url: '/storage/v1/b/bucket/o/file?ifGenerationMatch=33',
    });
  });

  test('of bytes that exist only once are proven by the answer', async () => {
    const large = Buffer.alloc(1_500_000, 'once');
    const source: Source = { ...bytesSource(large), replayable: false };
    const store = await answering((_, response) => done(response, large));
    expect((await store.write(at('file'), source, {}, io)).proof).toBe('checksum');
    const wrong = {
      ...source,
      checksums: [{ algorithm: 'crc32c', value: '00000000', scope: 'whole' }],
    } as const;
    expect((await failureOf(store.write(at('file'), wrong, {}, io))).kind).toBe('corrupt');
    expect(service.requests).toHaveLength(1);
  });
});

test('markers of folders are hidden, and pages follow each other', async () => {
  const pages: Record<string, unknown>[] = [
    {
      nextPageToken: 'next',
      items: [
        { name: 'root/', size: '0' },
        { name: 'root/a', size: '1' },
      ],
    },
    {
      items: [
        { name: 'root/d/', size: '0' },
        { name: 'root/z', size: '2' },
      ],
      prefixes: ['root/b/'],
    },
  ];
  const store = await answering((_, response) => response.end(JSON.stringify(pages.shift())), 'root');
  const seen: string[] = [];
  for await (const page of store.list('', { recursive: false }, io)) seen.push(...page.map((e) => e.path));
  expect(seen).toEqual(['a', 'b', 'z']);
  expect(service.requests[1]?.url).toContain('pageToken=next');
});
