import { createServer, type Server, type Socket } from 'node:net';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import { bytesSource } from '../../src/artifacts/sources.ts';
import { connectProxy } from '../../src/artifacts/stores/proxy/connect-proxy.ts';
import type { Source } from '../../src/artifacts/store.ts';
import { systemClock } from '../../src/core/clock.ts';
import { createNet } from '../../src/net/create-net.ts';
import { startListener, type Listener } from '../testbeds/listener.ts';
import {
  at,
  authorizerFor,
  failureOf,
  io,
  json,
  openProxy,
  SERVICE,
} from '../unit/artifacts/proxy/open-proxy.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

function owned<T extends { stop(): Promise<void> }>(bed: T): T {
  stops.push(async () => bed.stop());
  return bed;
}

/** A server that speaks raw HTTP: what it received, and what it says to each connection. */
async function rawServer(talk: (socket: Socket) => void) {
  const sockets = new Set<Socket>();
  const received: Buffer[] = [];
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => received.push(chunk));
    talk(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const net = createNet({ verifyTls: true, connectMs: 5_000, idleMs: 10_000, maxSockets: 4 });
  const store = connectProxy({
    url: new URL(`http://${host}${SERVICE}/0/r`),
    net,
    authorizer: authorizerFor(host),
    clock: systemClock,
    label: 'mlflow-artifacts:/0/r',
  });
  const stop = async () => {
    net.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => server.close(resolve));
  };
  return owned({ store, stop, text: () => Buffer.concat(received).toString('latin1') });
}

const ATTACHMENT = 'content-disposition: attachment; filename=x\r\n';

test('a server that dies in the middle of a download fails the body', async () => {
  const { store } = await rawServer((socket) =>
    socket.once('data', () => {
      socket.write(`HTTP/1.1 200 OK\r\n${ATTACHMENT}content-length: 1000000\r\n\r\n${'x'.repeat(70_000)}`);
      setImmediate(() => socket.resetAndDestroy());
    }),
  );
  const body = await store.read(at('x'), {}, io);
  expect(body.length).toBe(1_000_000);
  expect(await failureOf(body.stream.toArray())).toMatchObject({ kind: 'unavailable', retry: 'later' });
});

test.each(['content-length: 10\r\n', 'transfer-encoding: chunked\r\n'])(
  'a body that ends early (%j) is an error, not a short success',
  async (framing) => {
    const { store } = await rawServer((socket) =>
      socket.once('data', () => {
        const start = framing.includes('chunked') ? '5\r\nabcde\r\n' : 'abcde';
        socket.end(`HTTP/1.1 200 OK\r\n${ATTACHMENT}${framing}\r\n${start}`);
      }),
    );
    const read = store.read(at('x'), {}, io).then(async ({ stream }) => stream.toArray());
    expect((await failureOf(read)).retry).toBe('later');
  },
);

test('a proxy that refuses a large body at once (413) is heard while the body is being sent', async () => {
  const { store, text } = await rawServer((socket) =>
    socket.once('data', () => {
      socket.write('HTTP/1.1 413 Request Entity Too Large\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
    }),
  );
  const failure = await failureOf(store.write(at('big'), bytesSource(Buffer.alloc(8_000_000)), {}, io));
  expect([failure.kind, failure.facts.hint]).toEqual([
    'too-large',
    expect.stringContaining('client_max_body_size'),
  ]);
  expect(text().length).toBeLessThan(8_000_000);
});

test.each(['GET', 'PUT', 'DELETE', 'list'])(
  'a login page with status 200 is no success of %s',
  async (what) => {
    const { store } = owned(
      await openProxy(({ method, url }, response) => {
        if (what === 'DELETE' && method === 'GET') {
          json(response, 200, { files: [{ path: 'x' }] });
          return;
        }
        if (what === 'list' && !url.includes('?path=')) {
          json(response, 200, {});
          return;
        }
        response.writeHead(200, { 'content-type': 'text/html' }).end('<!DOCTYPE html><title>Sign in</title>');
      }),
    );
    const acts = {
      GET: async () => store.read(at('x'), {}, io),
      PUT: async () => store.write(at('x'), bytesSource(Buffer.from('x')), {}, io),
      DELETE: async () => {
        const [undone] = await store.remove([{ path: at('x'), kind: 'file' }], io);
        throw undone?.failure ?? new Error('it was removed');
      },
      list: async () => store.stat(at('x'), io),
    };
    const failure = await failureOf(acts[what as keyof typeof acts]());
    expect(failure).toMatchObject({ kind: 'unauthenticated', retry: 'never' });
    expect(failure.facts.hint).toContain('MLFLOW_TRACKING_TOKEN');
  },
);

test('credentials do not follow a redirect to another origin', async () => {
  const elsewhere: Listener = owned(
    await startListener((_, response) => response.writeHead(200, { 'content-length': '4' }).end('data')),
  );
  const { store, requests } = owned(
    await openProxy(({ url }, response) =>
      response.writeHead(307, { location: `${elsewhere.url}${url}` }).end(),
    ),
  );
  const body = await store.read(at('x'), {}, io);
  expect((await body.stream.toArray()).join('')).toBe('data');
  expect(requests[0]?.headers.authorization).toBe('Basic c2VjcmV0');
  expect(elsewhere.requests).toHaveLength(1);
  expect(elsewhere.requests[0]?.headers).not.toHaveProperty('authorization');
});

test('a write is not sent to another origin at all, and redirects can be refused', async () => {
  const elsewhere: Listener = owned(await startListener());
  const { store } = owned(
    await openProxy(
      ({ url }, response) => response.writeHead(308, { location: `${elsewhere.url}${url}` }).end(),
      { allowRedirects: false },
    ),
  );
  await failureOf(store.write(at('x'), bytesSource(Buffer.from('x')), {}, io));
  expect((await failureOf(store.read(at('x'), {}, io))).kind).toBe('misconfigured');
  expect(elsewhere.requests).toEqual([]);
});

test.each([
  ['ends short', 'changed'],
  ['fails', 'unavailable'],
])('when the source %s, the request is cut before its end', async (how, kind) => {
  let arrived = (): void => undefined;
  const arrival = new Promise<void>((resolve) => (arrived = resolve));
  const { store, text } = await rawServer((socket) => socket.once('data', arrived));
  const source: Source = {
    size: 100_000,
    replayable: true,
    checksums: [],
    media: {},
    open: async () =>
      Readable.from(
        (async function* () {
          yield Buffer.alloc(60_000);
          await arrival;
          if (how === 'fails') throw Object.assign(new Error('the disk went away'), { code: 'EIO' });
        })(),
        { objectMode: false },
      ),
  };
  const failure = await failureOf(store.write(at('x'), source, {}, io));
  expect(failure.kind).toBe(kind);
  expect(text()).toContain('content-length: 100000');
  expect(text().length).toBeLessThan(100_000);
});

test('an abort ends the request and the source', async () => {
  const aborting = new AbortController();
  const { store } = await rawServer((socket) => socket.once('data', () => aborting.abort()));
  let source: Readable | undefined;
  const endless: Source = {
    replayable: false,
    checksums: [],
    media: {},
    open: async () =>
      (source = new Readable({
        read() {
          setImmediate(() => this.push(Buffer.alloc(1000)));
        },
      })),
  };
  const failure = await failureOf(store.write(at('x'), endless, {}, { signal: aborting.signal }));
  expect(failure.kind).toBe('cancelled');
  expect(source?.destroyed).toBe(true);
});
