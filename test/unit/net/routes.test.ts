import { Readable } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { readText } from '../../../src/net/read-body.ts';
import type { Listener } from '../../testbeds/listener.ts';
import { failureOf, get, io, startProxy } from './loopback.ts';
import { closedPort, listener, net, open } from './opened.ts';

describe('redirects', () => {
  async function pair(status: number): Promise<{ from: Listener; to: Listener }> {
    const to = await listener((_, response) => response.end('there'));
    const from = await listener((_, response) =>
      response.writeHead(status, { location: `${to.url}/b` }).end(),
    );
    return { from, to };
  }
  const secret = { authorization: 'Basic c2VjcmV0' };

  it('go to another origin with only the headers granted to it', async () => {
    const { from, to } = await pair(302);
    const asked: string[] = [];
    const redirect = async (url: URL) => {
      asked.push(url.href);
      return { 'x-granted': 'yes' };
    };
    const response = await net().send(get(from.url, { headers: secret, redirect }), io);
    expect(await readText(response, 100)).toBe('there');
    expect(response.url.href).toBe(`${to.url}/b`);
    expect(asked).toEqual([`${to.url}/b`]);
    expect(to.requests[0]?.headers).toMatchObject({ 'x-granted': 'yes' });
    expect(to.requests[0]?.headers).not.toHaveProperty('authorization');
  });

  it('carry a body in memory on 307 and 308 only', async () => {
    for (const status of [301, 302, 303, 307, 308]) {
      const { from, to } = await pair(status);
      const request = get(from.url, { method: 'POST', body: Buffer.from('body'), redirect: () => ({}) });
      const response = await net().send(request, io);
      const follows = status >= 307;
      expect(response.status).toBe(follows ? 200 : status);
      expect(to.requests.map((r) => `${r.method} ${r.body.toString()}`)).toEqual(
        follows ? ['POST body'] : [],
      );
    }
  });

  it('never carry a stream, and are given back when asked', async () => {
    const { from, to } = await pair(307);
    const body = Readable.from([Buffer.from('x')]);
    const streamed = get(from.url, { method: 'PUT', body, redirect: () => ({}) });
    expect((await net().send(streamed, io)).status).toBe(307);
    expect((await net().send(get(from.url), io)).status).toBe(307);
    expect(to.requests).toEqual([]);
  });

  it('end after five', async () => {
    const server = await listener((_, response) => response.writeHead(302, { location: '/again' }).end());
    const failure = await failureOf(net().send(get(server.url, { redirect: () => ({}) }), io));
    expect(failure.kind).toBe('misconfigured');
    expect(server.requests).toHaveLength(6);
  });
});

describe('a proxy for http', () => {
  it('is asked with its credentials, except where NO_PROXY forbids it', async () => {
    const server = await listener((_, response) => response.end('direct'));
    const proxy = await startProxy();
    open.push(() => proxy.stop());
    const httpProxy = proxy.url.replace('//', '//user:p%40ss@');
    const through = await net({ httpProxy }).send(get(`${server.url}/a`), io);
    expect(await readText(through, 100)).toBe('by the proxy');
    expect(proxy.asked).toEqual([`GET ${server.url}/a`]);
    expect(proxy.credentials).toEqual([`Basic ${Buffer.from('user:p@ss').toString('base64')}`]);
    const direct = await net({ httpProxy, noProxy: '127.0.0.1' }).send(get(server.url), io);
    expect(await readText(direct, 100)).toBe('direct');
    expect(proxy.asked).toHaveLength(1);
  });

  it('that is not there is unavailable without effect', async () => {
    const httpProxy = `http://127.0.0.1:${await closedPort()}`;
    const failure = await failureOf(
      net({ httpProxy }).send(get('http://example.invalid/', { method: 'POST' }), io),
    );
    expect(failure.facts).toMatchObject({ kind: 'unavailable', effect: 'none' });
  });
});
