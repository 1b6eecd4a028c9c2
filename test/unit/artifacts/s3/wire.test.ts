import { createServer, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import type { IncomingHttpHeaders, ServerResponse } from 'node:http';
import { Readable } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import type { ArtifactStore, Source } from '../../../../src/artifacts/store.ts';
import { bytesSource } from '../../../../src/artifacts/sources.ts';
import type { S3Options } from '../../../../src/artifacts/stores/s3/backend.ts';
import { createBucketClient } from '../../../../src/artifacts/stores/s3/client.ts';
import { extraHeaders } from '../../../../src/artifacts/stores/s3/extra-args.ts';
import { multipartOf } from '../../../../src/artifacts/stores/s3/multipart.ts';
import { parseArtifactPath } from '../../../../src/core/artifact-path.ts';
import { createBufferLender } from '../../../../src/core/buffer-lender.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { Failure } from '../../../../src/core/failure.ts';
import type { Io } from '../../../../src/core/io.ts';
import { createNet } from '../../../../src/net/create-net.ts';
import { startListener, type Answer, type Listener } from '../../../testbeds/listener.ts';
import { connectTo, s3Location } from '../../../testbeds/s3-store.ts';

const MIB = 1024 ** 2;
const io: Io = { signal: new AbortController().signal };
const path = parseArtifactPath;
let stops: (() => Promise<void>)[] = [];

afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
  stops = [];
});

async function storeOf(url: string, options: Partial<S3Options> = {}): Promise<ArtifactStore> {
  const keys = { accessKeyId: 'key', secretAccessKey: 'a-secret' };
  const backend = await connectTo({ endpoint: url, region: 'us-east-1', ...keys }, options);
  stops.push(async () => backend.close());
  return backend.at(s3Location('bkt', 'root'));
}

async function listen(answer: Answer): Promise<Listener> {
  const listener = await startListener(answer);
  stops.push(async () => listener.stop());
  return listener;
}

/** A source larger than what is held in memory, so that it goes out as a stream. */
function streamed(size: number): Source & { readonly opened: () => number } {
  const bytes = Buffer.alloc(size, 'part ');
  let opened = 0;
  return {
    size,
    replayable: true,
    checksums: [],
    media: {},
    open: async (from) => {
      opened += 1;
      return Readable.from([bytes.subarray(from)], { objectMode: false });
    },
    opened: () => opened,
  };
}

function refuse(response: ServerResponse, status: number, code: string, headers: IncomingHttpHeaders = {}) {
  response.writeHead(status, { 'content-type': 'application/xml', ...headers });
  response.end(`<Error><Code>${code}</Code></Error>`);
}

async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  const thrown: unknown = await promise.catch((caught: unknown) => caught);
  expect(thrown).toBeInstanceOf(Failure);
  return thrown as Failure;
}

/** When a request says that it was signed, in ms since the epoch. */
function signedAt(headers: IncomingHttpHeaders): number {
  const [, y, mo, d, h, mi, s] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(
    String(headers['x-amz-date']),
  )!;
  return Date.UTC(Number(y), Number(mo) - 1, Number(d), Number(h), Number(mi), Number(s));
}

describe('a clock that is off', () => {
  const HOUR = 3_600_000;
  const judge =
    (tell: boolean): Answer =>
    ({ headers, method }, response) => {
      if (!tell) response.sendDate = false;
      if (Math.abs(signedAt(headers) - Date.now()) < 900_000) response.setHeader('etag', '"t"').end();
      else if (method === 'HEAD') response.writeHead(403).end();
      else refuse(response, 403, 'RequestTimeTooSkewed');
    };
  const off = (ms: number) => ({ now: () => Date.now() + ms, sleep: async () => undefined });

  test.each([
    [-HOUR, '60 min behind'],
    [2 * HOUR, '120 min ahead of'],
  ])('is set right by the server, and told once (%i ms)', async (ms, words) => {
    const server = await listen(judge(true));
    const told: string[] = [];
    const store = await storeOf(server.url, { clock: off(ms), warn: (message) => told.push(message) });
    await store.write(path('x'), bytesSource(Buffer.from('x')), {}, io);
    await store.write(path('y'), streamed(2 * MIB), {}, io);
    expect(server.requests).toHaveLength(3);
    expect(told).toHaveLength(1);
    expect(told[0]).toContain(`clock is ${words} that of`);
  });

  test('is learned from many refusals at once, and from a HEAD that says nothing', async () => {
    const server = await listen(judge(true));
    const told: string[] = [];
    const store = await storeOf(server.url, { clock: off(HOUR), warn: (message) => told.push(message) });
    const names = ['a', 'b', 'c', 'd'];
    await Promise.all(
      names.map(async (name) => store.write(path(name), bytesSource(Buffer.from('x')), {}, io)),
    );
    const silent = await storeOf(server.url, { clock: off(HOUR), warn: (message) => told.push(message) });
    expect((await silent.stat(path('x'), io))?.kind).toBe('file');
    expect(told).toHaveLength(2);
  });

  test('is a failure where the server does not tell its time, or minds the right one', async () => {
    const mute = await storeOf((await listen(judge(false))).url, { clock: off(HOUR) });
    const unknown = await failureOf(mute.write(path('x'), bytesSource(Buffer.from('x')), {}, io));
    expect([unknown.kind, unknown.facts.hint]).toEqual([
      'unauthenticated',
      expect.stringContaining('set the clock'),
    ]);
    const stubborn = await listen((_, response) => refuse(response, 403, 'RequestTimeTooSkewed'));
    const store = await storeOf(stubborn.url);
    expect((await failureOf(store.write(path('x'), bytesSource(Buffer.from('x')), {}, io))).kind).toBe(
      'unauthenticated',
    );
    expect(stubborn.requests).toHaveLength(1);
  });
});

describe("the bucket's region", () => {
  test.each([
    [301, 'PermanentRedirect'],
    [307, 'TemporaryRedirect'],
    [400, 'IllegalLocationConstraintException'],
  ])('told by a %i is signed for, and remembered', async (status, code) => {
    const server = await listen(({ headers }, response) => {
      if (headers.authorization?.includes('/eu-west-9/')) response.end();
      else refuse(response, status, code, { 'x-amz-bucket-region': 'eu-west-9' });
    });
    const store = await storeOf(server.url);
    const source = streamed(2 * MIB);
    await store.write(path('x'), source, {}, io);
    await store.write(path('y'), bytesSource(Buffer.from('y')), {}, io);
    expect(server.requests.map(({ url }) => url)).toEqual(['x', 'x', 'y'].map((name) => `/bkt/root/${name}`));
    expect(server.requests[1]?.body).toHaveLength(2 * MIB);
  });

  test('is remembered by all roots of the bucket', async () => {
    const server = await listen(({ headers }, response) => {
      if (headers.authorization?.includes('/eu-west-9/')) response.end();
      else refuse(response, 301, 'PermanentRedirect', { 'x-amz-bucket-region': 'eu-west-9' });
    });
    const backend = await connectTo({
      endpoint: server.url,
      region: 'us-east-1',
      accessKeyId: 'k',
      secretAccessKey: 's',
    });
    stops.push(async () => backend.close());
    for (const root of ['one', 'two']) {
      await backend.at(s3Location('bkt', root)).write(path('x'), bytesSource(Buffer.from('x')), {}, io);
    }
    expect(server.requests).toHaveLength(3);
  });
});

test('keys that expire in the middle of a long upload are renewed; only the refused part is repeated', async () => {
  const server = await listen(({ headers, url, method, body }, response) => {
    const number = Number(/partNumber=(\d+)/.exec(url)?.[1]);
    if (number >= 3 && headers['x-amz-security-token'] === 'gen-1') refuse(response, 400, 'ExpiredToken');
    else if (url.includes('uploads=')) response.end('<R><UploadId>u</UploadId></R>');
    else if (method === 'PUT') response.setHeader('etag', `"${String(body.length)}"`).end();
    else if (method === 'POST') response.end('<R><ETag>"done-5"</ETag></R>');
    else response.writeHead(200, { etag: '"done-5"', 'content-length': String(5 * 2 * MIB) }).end();
  });
  let generation = 1;
  const net = createNet({ verifyTls: true, connectMs: 5_000, idleMs: 5_000, maxSockets: 4 });
  stops.push(async () => net.close());
  const site = { bucket: 'bkt', endpoint: new URL(server.url), region: 'us-east-1', style: 'path' } as const;
  const keys = {
    get: async () => ({ accessKeyId: 'k', secretAccessKey: 's', sessionToken: `gen-${generation}` }),
    reject: (refused: { readonly sessionToken?: string } | undefined) => {
      if (refused?.sessionToken === `gen-${generation}`) generation += 1;
      return true;
    },
  };
  const root = {
    client: createBucketClient(site, { net, clock: systemClock, keys, headers: {} }),
    label: 's3://bkt',
    prefix: '',
    extra: extraHeaders({}),
    integrity: 'md5',
    mayCheckParts: true,
    lender: createBufferLender(0),
  } as const;
  const session = await multipartOf(root).begin(path('x'), { partBytes: 2 * MIB, media: {} }, io);
  const put = async (number: number) =>
    session.put({ number, offset: (number - 1) * 2 * MIB, size: 2 * MIB }, streamed(2 * MIB), io);
  const receipts = [await put(1), await put(2), ...(await Promise.all([put(3), put(4)])), await put(5)];
  const stored = await session.commit(receipts, { size: 10 * MIB, checksums: [] }, io);
  expect(stored.entry.size).toBe(10 * MIB);
  expect(generation).toBe(2);
  const sent = server.requests.flatMap(({ url }) => /partNumber=(\d+)/.exec(url)?.[1] ?? []);
  expect(sent.toSorted()).toEqual(['1', '2', '3', '3', '4', '4', '5']);
  expect(server.requests.filter(({ url }) => url.includes('uploads='))).toHaveLength(1);
});

/** A server of raw sockets; `serve` gets each request's head once its body was read to its announced length. */
async function raw(
  serve: (socket: Socket, head: string, nth: number, soFar: () => number) => void,
): Promise<string> {
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket);
    let held = Buffer.alloc(0);
    let nth = 0;
    let told = false;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      held = Buffer.concat([held, chunk]);
      const end = held.indexOf('\r\n\r\n');
      if (end < 0) return;
      const head = held.subarray(0, end).toString();
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0);
      if (!told) {
        told = true;
        nth += 1;
        serve(socket, head, nth, () => held.byteLength - end - 4);
      }
      if (held.byteLength < end + 4 + length) return;
      held = held.subarray(end + 4 + length);
      told = false;
      socket.emit('whole');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  stops.push(async () => {
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

const OK = 'HTTP/1.1 200 OK\r\netag: "t"\r\ncontent-length: 0\r\n\r\n';

describe('what a server says before the whole body came', () => {
  test('nothing is waited for: no Expect is sent, interim answers are passed over', async () => {
    const heads: string[] = [];
    const url = await raw((socket, head) => {
      heads.push(head);
      socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 102 Processing\r\n\r\n');
      socket.once('whole', () => socket.write(OK));
    });
    const store = await storeOf(url);
    await store.write(path('x'), streamed(3 * MIB), {}, io);
    expect(heads).toHaveLength(1);
    expect(heads[0]).not.toMatch(/^expect:/im);
  });

  test.each([
    [417, 'invalid'],
    [403, 'denied'],
    [503, 'throttled'],
  ])('a final %i ends the sending, and is what is told', async (status, kind) => {
    let seen = () => 0;
    const url = await raw((socket, _head, _nth, soFar) => {
      seen = soFar;
      socket.write(`HTTP/1.1 ${status} No\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
    });
    const store = await storeOf(url);
    const failure = await failureOf(store.write(path('x'), streamed(64 * MIB), {}, io));
    expect([failure.kind, failure.facts.vendor?.status]).toEqual([kind, status]);
    expect(seen()).toBeLessThan(64 * MIB);
  });
});

describe('a kept connection that the server closes', () => {
  /** Resets every connection when a second request comes on it, before any answer. */
  const closing = async (heads: string[]): Promise<string> =>
    raw((socket, head, nth) => {
      heads.push(head.split(' ').slice(0, 2).join(' '));
      if (nth > 1) {
        socket.resetAndDestroy();
        return;
      }
      const xml = head.startsWith('POST') ? '<R><UploadId>u</UploadId></R>' : '';
      const answer = `HTTP/1.1 200 OK\r\netag: "t"\r\ncontent-length: ${xml.length}\r\n\r\n${xml}`;
      socket.once('whole', () => socket.write(answer));
    });

  /** Until the last answer is read to its end and its connection kept. */
  const kept = async () => new Promise((resolve) => setTimeout(resolve, 50));

  test('costs no retry: a streamed body and the beginning of an upload go out again', async () => {
    const heads: string[] = [];
    const events: string[] = [];
    const traced: Io = { ...io, trace: (event) => void events.push(event) };
    const store = await storeOf(await closing(heads));
    await store.write(path('a'), bytesSource(Buffer.from('x')), {}, traced);
    await kept();
    const source = streamed(2 * MIB);
    await store.write(path('b'), source, {}, traced);
    // Once for the digest, and once for each time that it is sent.
    expect(source.opened()).toBe(3);
    await kept();
    const session = await store.multipart!.begin(path('c'), { partBytes: MIB, media: {} }, traced);
    expect(session.token).toBe('u');
    expect(heads.map((head) => head.replace(/\?.*$/, ''))).toEqual([
      'PUT /bkt/root/a',
      ...['PUT /bkt/root/b', 'PUT /bkt/root/b'],
      ...['POST /bkt/root/c', 'POST /bkt/root/c'],
    ]);
    expect(events.filter((event) => event === 'reconnect')).toHaveLength(2);
  });

  test('fails what can be read only once, as worth a retry of whoever has it', async () => {
    const store = await storeOf(await closing([]));
    await store.write(path('a'), bytesSource(Buffer.from('x')), {}, io);
    await kept();
    const once = { ...streamed(2 * MIB), replayable: false };
    const failure = await failureOf(store.write(path('b'), once, {}, io));
    expect(failure.facts).toMatchObject({ kind: 'unavailable', retry: 'later', effect: 'unknown' });
  });
});
