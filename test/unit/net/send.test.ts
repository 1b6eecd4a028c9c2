import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { Readable } from 'node:stream';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { Failure } from '../../../src/core/failure.ts';
import { readText } from '../../../src/net/read-body.ts';
import { failureOf, get, io, type Place } from './loopback.ts';
import { closedPort, listener, net, open, tcp } from './opened.ts';

describe('send', () => {
  it('gives status, headers and the bytes as they are stored', async () => {
    const zipped = gzipSync('hello');
    const server = await listener((_, response) => {
      response.setHeader('content-encoding', 'gzip');
      response.setHeader('set-cookie', ['a=1', 'b=2']);
      response.end(zipped);
    });
    const response = await net().send(get(`${server.url}/x?y=1`), io);
    const chunks = await response.body.toArray();
    expect(Buffer.concat(chunks as Buffer[])).toEqual(zipped);
    expect(response).toMatchObject({ status: 200, headers: { 'set-cookie': 'a=1, b=2' } });
    expect(server.requests[0]).toMatchObject({ url: '/x?y=1', headers: { 'accept-encoding': 'identity' } });
  });

  it('keeps connections and closes them', async () => {
    const sockets = new Set<Socket>();
    const server = createServer((_, response) => response.end('x'));
    server.on('connection', (socket: Socket) => sockets.add(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    open.push(() => void server.close());
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const kept = net();
    for (let i = 0; i < 3; i += 1) await readText(await kept.send(get(url), io), 10);
    expect(sockets.size).toBe(1);
    const [socket] = sockets;
    const ended = once(socket!, 'close');
    kept.close();
    await ended;
  });

  it('sends bytes in memory and streams, with and without a length', async () => {
    const server = await listener();
    const bytes = Buffer.alloc(300_000, 7);
    const put = { method: 'PUT' };
    const made = net();
    await made.send(get(server.url, { ...put, body: bytes }), io);
    await made.send(get(server.url, { ...put, body: Readable.from([bytes]), length: bytes.length }), io);
    await made.send(get(server.url, { ...put, body: Readable.from([bytes]) }), io);
    await made.send(get(server.url, { method: 'POST' }), io);
    expect(server.requests.map((r) => r.body.length)).toEqual([300_000, 300_000, 300_000, 0]);
    expect(server.requests.map((r) => r.headers['content-length'])).toEqual([
      '300000',
      '300000',
      undefined,
      '0',
    ]);
    expect(server.requests[2]?.headers['transfer-encoding']).toBe('chunked');
  });

  it.each([
    ['short', 11],
    ['long', 9],
  ])('refuses a source that is too %s', async (_, length) => {
    const server = await listener();
    const body = Readable.from([Buffer.alloc(10)]);
    const failure = await failureOf(net().send(get(server.url, { method: 'PUT', body, length }), io));
    expect(failure.kind).toBe('changed');
    expect(server.requests).toEqual([]);
  });

  it("lets a source's own Failure through", async () => {
    const server = await listener();
    const told = new Failure({ kind: 'changed', message: 'the file changed', subject: 'f' });
    const body = Readable.from(
      (async function* () {
        yield Buffer.alloc(10);
        throw told;
      })(),
    );
    expect(await failureOf(net().send(get(server.url, { method: 'PUT', body }), io))).toBe(told);
  });

  it('surfaces the status of a server that refuses an upload and closes', async () => {
    // Another process, so that its answer and its reset arrive while we are busy and write next.
    const refuse = `require('node:net').createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        socket.pause();
        const head = 'HTTP/1.1 413 Too Large\\r\\ncontent-length: 5\\r\\nconnection: close\\r\\n\\r\\n';
        socket.write(head + 'large', () => socket.resetAndDestroy());
      });
    }).listen(0, '127.0.0.1', function () { console.log(this.address().port) })`;
    const child = spawn(process.execPath, ['-e', refuse], { stdio: ['ignore', 'pipe', 'inherit'] });
    open.push(() => void child.kill());
    const [port] = (await once(child.stdout, 'data')) as [Buffer];
    const nap = new Int32Array(new SharedArrayBuffer(4));
    for (let round = 0; round < 10; round += 1) {
      const body = Readable.from(
        (function* () {
          for (let i = 0; i < 400; i += 1) {
            if (i > 0) Atomics.wait(nap, 0, 0, 5);
            yield Buffer.alloc(65_536);
          }
        })(),
      );
      const url = `http://127.0.0.1:${port.toString().trim()}`;
      const response = await net().send(get(url, { method: 'PUT', body }), io);
      expect(response.status).toBe(413);
      expect(await readText(response, 100)).toBe('large');
      expect(body.destroyed).toBe(true);
    }
  });
});

describe('failures of the connection', () => {
  it.each([
    ['a name that is unknown', async () => 'http://no-such-host.invalid/'],
    ['a port where nothing listens', async () => `http://127.0.0.1:${await closedPort()}/`],
  ])('%s is unavailable, later, without effect', async (_, url) => {
    const failure = await failureOf(net().send(get(await url(), { method: 'POST' }), io));
    expect(failure.facts).toMatchObject({ kind: 'unavailable', retry: 'later', effect: 'none' });
    expect(failure.facts.vendor?.code).toMatch(/ENOTFOUND|EAI_AGAIN|ECONNREFUSED/);
  });

  it('a reset after the request was sent may have had an effect', async () => {
    const server = await tcp((socket) => socket.once('data', () => socket.resetAndDestroy()));
    const failure = await failureOf(net().send(get(`${server.url}/a?secret=1`, { method: 'POST' }), io));
    expect(failure.facts).toMatchObject({ kind: 'unavailable', retry: 'later', effect: 'unknown' });
    expect(failure.facts.subject).toBe(`POST ${server.url}/a`);
  });

  it('silence is a timeout that names its setting', async () => {
    const server = await tcp(() => undefined);
    const failure = await failureOf(net({ idleMs: 50 }).send(get(server.url), io));
    expect(failure.facts).toMatchObject({ kind: 'timeout', retry: 'later', effect: 'unknown' });
    expect(failure.facts.hint).toContain('MLFLOW_HTTP_REQUEST_TIMEOUT');
  });

  it('an abort cancels while waiting, while uploading and while reading', async () => {
    const silent = await tcp((socket) => socket.pause());
    const endless = Readable.from(
      (function* () {
        for (;;) yield Buffer.alloc(65_536);
      })(),
    );
    for (const more of [{}, { method: 'PUT', body: endless }]) {
      const stop = new AbortController();
      const pending = failureOf(net().send(get(silent.url, more), { signal: stop.signal }));
      setTimeout(() => stop.abort(), 20);
      expect((await pending).kind).toBe('cancelled');
    }
    expect(endless.destroyed).toBe(true);
    const stop = new AbortController();
    const half = await tcp((socket) =>
      socket.once('data', () => socket.write('HTTP/1.1 200 OK\r\ncontent-length: 9000000\r\n\r\nabc')),
    );
    const response = await net().send(get(half.url), { signal: stop.signal });
    const pending = failureOf(response.body.toArray());
    stop.abort();
    expect((await pending).kind).toBe('cancelled');
    expect((await failureOf(net().send(get(half.url), { signal: stop.signal }))).facts).toMatchObject({
      kind: 'cancelled',
      effect: 'none',
    });
  });

  it('an abort by the very first bytes of a body that are asked for', async () => {
    const silent = await tcp((socket) => socket.pause());
    const stop = new AbortController();
    const body = Readable.from([Buffer.alloc(9)]);
    await once(body, 'readable');
    body.once('data', () => stop.abort());
    body.pause();
    const ended = failureOf(net().send(get(silent.url, { method: 'PUT', body }), { signal: stop.signal }));
    expect((await ended).kind).toBe('cancelled');
    expect(body.destroyed).toBe(true);
  });

  it('an abort ends a request that waits for a free socket', async () => {
    const silent = await tcp(() => undefined);
    const narrow = net({ maxSockets: 1 });
    const first = new AbortController();
    const second = new AbortController();
    const pending = failureOf(narrow.send(get(silent.url), { signal: first.signal }));
    const waiting = failureOf(narrow.send(get(silent.url, { method: 'POST' }), { signal: second.signal }));
    setTimeout(() => second.abort(), 20);
    expect((await waiting).kind).toBe('cancelled');
    first.abort();
    expect((await pending).kind).toBe('cancelled');
  });

  it('a header that cannot be written is invalid', async () => {
    const request = get('http://127.0.0.1:1/', { headers: { a: 'b\nc' } });
    expect((await failureOf(net().send(request, io))).kind).toBe('invalid');
  });
});

describe('a kept connection that the server closed', () => {
  async function closesOnReuse(): Promise<{ place: Place; count: () => number }> {
    let requests = 0;
    const place = await tcp((socket) => {
      let served = 0;
      socket.on('data', () => {
        requests += 1;
        served += 1;
        if (served === 2) socket.resetAndDestroy();
        else socket.write('HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok');
      });
    });
    return { place, count: () => requests };
  }

  it('is replaced once when repeating is safe', async () => {
    const { place, count } = await closesOnReuse();
    const kept = net();
    await readText(await kept.send(get(place.url), io), 10);
    expect(await readText(await kept.send(get(place.url), io), 10)).toBe('ok');
    expect(count()).toBe(3);
  });

  it('is a failure with unknown effect for a POST', async () => {
    const { place, count } = await closesOnReuse();
    const kept = net();
    await readText(await kept.send(get(place.url), io), 10);
    const failure = await failureOf(
      kept.send(get(place.url, { method: 'POST', body: Buffer.from('x') }), io),
    );
    expect(failure.facts).toMatchObject({ kind: 'unavailable', effect: 'unknown' });
    expect(count()).toBe(2);
  });
});
