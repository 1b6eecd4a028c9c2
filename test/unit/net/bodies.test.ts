import { describe, expect, it } from 'vitest';
import { readJson, readStart, readText } from '../../../src/net/read-body.ts';
import { failureOf, get, io } from './loopback.ts';
import { listener, net, tcp } from './opened.ts';

/** Bodies of which a few bytes come: one that is taken whole before it is given, and one that is not. */
const LENGTHS = [
  ['a small', 9],
  ['a large', 9_000_000],
] as const;

function beginning(length: number): string {
  return `HTTP/1.1 200 OK\r\ncontent-length: ${length}\r\n\r\nabc`;
}

describe('a body', () => {
  it.each(LENGTHS)('silence in the middle of %s body fails it', async (_, length) => {
    const server = await tcp((socket) => socket.once('data', () => socket.write(beginning(length))));
    const sent = net().send(get(server.url, { idleMs: 50 }), io);
    expect((await failureOf(sent.then(async ({ body }) => body.toArray()))).kind).toBe('timeout');
  });

  it.each(LENGTHS)('%s body that is cut short is never a short success', async (_, length) => {
    const server = await tcp((socket) => socket.once('data', () => socket.end(beginning(length))));
    const sent = net().send(get(server.url), io);
    const failure = await failureOf(sent.then(async ({ body }) => body.toArray()));
    expect(failure.facts).toMatchObject({ kind: 'unavailable', retry: 'later' });
  });

  it('a small answer is given when all of it is there, a large one at once', async () => {
    const server = await listener((request, response) =>
      response.end(Buffer.alloc(request.url === '/small' ? 9 : 9_000_000, 1)),
    );
    const made = net();
    const small = await made.send(get(`${server.url}/small`), io);
    const large = await made.send(get(`${server.url}/large`), io);
    expect([small.bytes?.length, large.bytes]).toEqual([9, undefined]);
    expect(Buffer.concat((await small.body.toArray()) as Buffer[])).toEqual(small.bytes);
    expect(Buffer.concat((await large.body.toArray()) as Buffer[]).length).toBe(9_000_000);
  });

  it('a slow reader is not a silent server', async () => {
    const bytes = Buffer.alloc(4_000_000, 1);
    const server = await listener((_, response) => response.end(bytes));
    const response = await net({ idleMs: 60 }).send(get(server.url), io);
    let size = 0;
    for await (const chunk of response.body as AsyncIterable<Buffer>) {
      if (size === 0) await new Promise((resolve) => setTimeout(resolve, 200));
      size += chunk.length;
    }
    expect(size).toBe(bytes.length);
  });

  it('the length that a HEAD tells is that of no body', async () => {
    const server = await listener((_, response) => response.setHeader('content-length', 9_000_000).end());
    const head = await net().send(get(server.url, { method: 'HEAD' }), io);
    expect(head).toMatchObject({ headers: { 'content-length': '9000000' }, bytes: Buffer.alloc(0) });
  });

  it('an abort cancels while a small body is on its way', async () => {
    const stop = new AbortController();
    const half = await tcp((socket) =>
      socket.once('data', () => socket.write(beginning(9), () => stop.abort())),
    );
    const pending = net().send(get(half.url), { signal: stop.signal });
    expect((await failureOf(pending)).kind).toBe('cancelled');
  });
});

describe('reading a body', () => {
  it('is bounded and tells what is not JSON', async () => {
    const server = await listener((request, response) =>
      response.end(request.url === '/j' ? '{"a":1}' : 'x'.repeat(99)),
    );
    const made = net();
    expect(await readJson(await made.send(get(`${server.url}/j`), io), 100)).toEqual({ a: 1 });
    expect(await readStart(await made.send(get(server.url), io), 10)).toBe('x'.repeat(10));
    expect((await failureOf(readText(await made.send(get(server.url), io), 10))).kind).toBe('too-large');
    expect((await failureOf(readJson(await made.send(get(server.url), io), 100))).kind).toBe('corrupt');
  });
});
