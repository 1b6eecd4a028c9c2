import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Answer } from '../../../testbeds/listener.ts';
import { acts, md5, openServer, startStore } from './direct-rig.ts';
import { at, failureOf, io, json, type Opened } from './open-proxy.ts';

describe('a read past the server', () => {
  async function openRead(answer: Answer, told: object = {}): Promise<Opened> {
    const store = await startStore(answer);
    return openServer({
      direct: { download: true },
      instead: ({ url }, response) => {
        if (url.includes('/presigned/')) {
          json(response, 200, { url: `${store.url}/k?X-Amz-Signature=s3cret`, headers: {}, ...told });
        }
        return url.includes('/presigned/');
      },
    });
  }

  test('tells length, version and MD5 as the store does', async () => {
    const tag = md5(Buffer.from('data'));
    const { store } = await openRead((_, response) =>
      response.writeHead(200, { 'content-length': 4, etag: `"${tag}"` }).end('data'),
    );
    const body = await store.read(at('x'), {}, io);
    expect(body.entry).toEqual({
      path: 'x',
      kind: 'file',
      size: 4,
      version: { id: `"${tag}"`, strong: true },
      checksums: [{ algorithm: 'md5', value: tag, scope: 'whole' }],
    });
    expect((await body.stream.toArray()).join('')).toBe('data');
  });

  test('believes Content-MD5 of a whole answer, and no ETag of parts', async () => {
    const sum = createHash('md5').update('data').digest('base64');
    const headers = { 'content-length': 4, etag: '"0x8D"', 'content-md5': sum };
    const { store } = await openRead((_, response) => response.writeHead(200, headers).end('data'));
    const body = await store.read(at('x'), {}, io);
    body.stream.destroy();
    expect(body.entry.checksums).toEqual([
      { algorithm: 'md5', value: md5(Buffer.from('data')), scope: 'whole' },
    ]);
    const parts = await openRead((_, response) =>
      response.writeHead(200, { etag: `"${md5(Buffer.from('a'))}-2"` }).end(),
    );
    expect((await parts.store.read(at('x'), {}, io)).entry.checksums).toEqual([]);
  });

  test.each([
    [404, '', 'not-found', 'never'],
    [412, '', 'changed', 'never'],
    [416, '', 'invalid', 'never'],
    [403, 'AccessDenied', 'denied', 'never'],
    [400, 'ExpiredToken', 'denied', 'never'],
    [400, 'RequestTimeout', 'timeout', 'later'],
    [503, 'SlowDown', 'throttled', 'later'],
    [500, 'InternalError', 'unavailable', 'later'],
    [302, '', 'invalid', 'never'],
  ])('that the store answers %d %s is %s, without its words', async (status, code, kind, retry) => {
    const xml = `<Error><Code>${code}</Code><Message>of key s3cret</Message></Error>`;
    const { store } = await openRead(
      (_, response) => response.writeHead(status, { location: 'http://h/?s3cret' }).end(xml),
      { file_size: 4711 },
    );
    const failure = await failureOf(store.read(at('x'), { start: 5000 }, io));
    expect([failure.kind, failure.retry]).toEqual([kind, retry]);
    expect(`${failure.message}${failure.facts.hint ?? ''}`).not.toContain('s3cret');
    if (status === 416) expect(failure.message).toContain('4711');
  });

  test('pins the version', async () => {
    const { store } = await openRead(({ headers }, response) =>
      response.writeHead(200).end(headers['if-match']),
    );
    const body = await store.read(at('x'), { version: { id: '"v1"', strong: true } }, io);
    expect((await body.stream.toArray()).join('')).toBe('"v1"');
  });

  test('without an http(s) URL is corrupt; a server that signs none gives the bytes itself', async () => {
    const { store } = await openRead(() => undefined, { url: 'file:///etc/passwd' });
    expect((await failureOf(store.read(at('x'), {}, io))).kind).toBe('corrupt');
    const none = await openServer({
      direct: { download: true },
      instead: ({ url }, response) => {
        if (url.includes('/presigned/')) json(response, 501, { error_code: 'NOT_IMPLEMENTED' });
        else response.writeHead(200, { 'content-length': '5' }).end('bytes');
        return true;
      },
    });
    for (let tries = 0; tries < 2; tries += 1) {
      const body = await none.store.read(at('x'), {}, io);
      expect((await body.stream.toArray()).join('')).toBe('bytes');
    }
    expect(acts(none)).toEqual(['GET /presigned/0/r/x', 'GET /artifacts/0/r/x', 'GET /artifacts/0/r/x']);
  });
});
