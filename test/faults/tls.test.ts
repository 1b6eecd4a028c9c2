import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { createServer, request } from 'node:https';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TLSSocket } from 'node:tls';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { Failure } from '../../src/core/failure.ts';
import { createNet } from '../../src/net/create-net.ts';
import type { Net, NetOptions } from '../../src/net/net.ts';
import { readText } from '../../src/net/read-body.ts';
import { startListener } from '../testbeds/listener.ts';
import { mustRun } from '../testbeds/run-command.ts';
import { makeTls, type TlsFiles } from '../testbeds/tls.ts';
import { failureOf, get, io, plainOptions, startProxy, startTcp } from '../unit/net/loopback.ts';

let dir: string;
let files: TlsFiles;
const pem = (name: string) => join(dir, name);
const open: (() => Promise<unknown> | undefined)[] = [];

/** `name.crt` and `name.key`, signed by the test authority or, with `self`, by itself. */
async function certificate(name: string, san: string, days: string[], self = false): Promise<void> {
  const openssl = (...args: string[]) => mustRun('openssl', args, { cwd: dir });
  await writeFile(pem(`${name}.ext`), `subjectAltName=${san}\n`);
  await openssl(
    ...`req -newkey rsa:2048 -nodes -keyout ${name}.key -out ${name}.csr -subj /CN=${name}`.split(' '),
  );
  const signer = self
    ? ['-signkey', `${name}.key`]
    : ['-CA', 'ca.crt', '-CAkey', 'ca.key', '-CAcreateserial'];
  const sign = `x509 -req -in ${name}.csr -extfile ${name}.ext -out ${name}.crt`.split(' ');
  await openssl(...sign, ...signer, ...days);
}

beforeAll(async () => {
  dir = await mkdtemp(join(tmpdir(), 'mlstow-tls-'));
  files = await makeTls(dir);
  await certificate('other', 'DNS:other.example', ['-days', '30']);
  await certificate('self', 'IP:127.0.0.1', ['-days', '30'], true);
  await certificate('old', 'IP:127.0.0.1', ['-days', '-1']);
  await certificate('client', 'DNS:client', ['-days', '30']);
  await writeFile(
    pem('client.pem'),
    (await readFile(pem('client.key'), 'utf8')) + (await readFile(pem('client.crt'), 'utf8')),
  );
}, 60_000);
afterAll(() => rm(dir, { recursive: true }));
afterEach(async () => {
  for (const stop of open.splice(0).reverse()) await stop();
});

function net(options: Partial<NetOptions> = {}): Net {
  const made = createNet({ ...plainOptions, ...options });
  open.push(() => {
    made.close();
    return undefined;
  });
  return made;
}

async function secure(name?: string): Promise<string> {
  const own = name ? { ...files, keyFile: pem(`${name}.key`), certFile: pem(`${name}.crt`) } : files;
  const server = await startListener((_, response) => response.end('secret'), own);
  open.push(() => server.stop());
  return server.url;
}

async function read(url: string, options: Partial<NetOptions>): Promise<string> {
  return readText(await net(options).send(get(url), io), 100);
}

describe('trust', () => {
  it('comes from caFile, a directory of such files, or is switched off', async () => {
    const url = await secure();
    expect(await read(url, { caFile: files.caFile })).toBe('secret');
    expect(await read(url, { verifyTls: false })).toBe('secret');
    const folder = await mkdtemp(join(dir, 'authorities-'));
    await writeFile(join(folder, 'a.crt'), await readFile(files.caFile));
    await writeFile(join(folder, 'README'), 'not a certificate');
    expect(await read(url, { caFile: folder })).toBe('secret');
  });

  it.each([
    ['an unknown authority', undefined, {}, 'MLFLOW_TRACKING_SERVER_CERT_PATH'],
    ['a self-signed certificate', 'self', {}, 'MLFLOW_TRACKING_SERVER_CERT_PATH'],
    ['another host name', 'other', { caFile: true }, 'MLFLOW_TRACKING_INSECURE_TLS'],
    ['an expired certificate', 'old', { caFile: true }, 'MLFLOW_TRACKING_INSECURE_TLS'],
    ['names of its own', undefined, { names: { caFile: 'AWS_CA_BUNDLE' } }, 'AWS_CA_BUNDLE'],
  ])('%s is misconfigured, with a hint', async (_, name, how, hint) => {
    const options = 'caFile' in how ? { caFile: files.caFile } : how;
    const failure = await failureOf(net(options).send(get(await secure(name), { method: 'POST' }), io));
    expect(failure.facts).toMatchObject({ kind: 'misconfigured', effect: 'none' });
    expect(failure.retry).toBe('never');
    expect(failure.facts.hint).toContain(hint);
  });

  it('https to a listener that speaks http is misconfigured', async () => {
    const plain = await startListener();
    open.push(() => plain.stop());
    const failure = await failureOf(net().send(get(plain.url.replace('http', 'https')), io));
    expect(failure.facts).toMatchObject({
      kind: 'misconfigured',
      hint: 'check whether the URI should be http:',
    });
  });

  it('a handshake that never ends is a timeout without effect', async () => {
    const silent = await startTcp(() => undefined);
    open.push(() => silent.stop());
    const asked = get(silent.url.replace('http', 'https'), { method: 'POST' });
    const failure = await failureOf(net({ connectMs: 50 }).send(asked, io));
    expect(failure.facts).toMatchObject({ kind: 'timeout', effect: 'none', retry: 'later' });
  });

  it.each([
    ['caFile', 'missing.pem', 'MLFLOW_TRACKING_SERVER_CERT_PATH names does not exist'],
    ['clientCertFile', 'missing.pem', 'MLFLOW_TRACKING_CLIENT_CERT_PATH names does not exist'],
    ['caFile', 'README', 'it holds no PEM certificate'],
    ['clientCertFile', 'client.crt', 'it holds no private key'],
  ])('%s %s is refused at once, naming the file', async (option, name, reason) => {
    await writeFile(pem('README'), 'not a certificate');
    let failure: unknown;
    try {
      createNet({ ...plainOptions, [option]: pem(name) });
    } catch (thrown) {
      failure = thrown;
    }
    expect(failure).toBeInstanceOf(Failure);
    expect((failure as Failure).kind).toBe('misconfigured');
    expect((failure as Failure).message).toContain(pem(name));
    expect((failure as Failure).message).toContain(reason);
    expect((failure as Failure).message).not.toContain('ENOENT');
  });
});

describe('a client certificate', () => {
  async function demanding(): Promise<string> {
    const server = createServer(
      {
        key: await readFile(files.keyFile),
        cert: await readFile(files.certFile),
        ca: await readFile(files.caFile),
        requestCert: true,
        rejectUnauthorized: true,
      },
      (request, response) => {
        const socket: unknown = request.socket;
        if (socket instanceof TLSSocket) response.end(socket.getPeerCertificate().subject.CN);
      },
    );
    server.on('tlsClientError', () => undefined);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    open.push(() => {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(resolve));
    });
    return `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('is presented', async () => {
    const options = { caFile: files.caFile, clientCertFile: pem('client.pem') };
    expect(await read(await demanding(), options)).toBe('client');
  });

  it('that is missing is named by the hint', async () => {
    const failure = await failureOf(net({ caFile: files.caFile }).send(get(await demanding()), io));
    expect(failure.kind).toBe('misconfigured');
    expect(failure.facts.hint).toContain('MLFLOW_TRACKING_CLIENT_CERT_PATH');
  });

  it("that cannot be set for a store is not said to be the tracking server's", async () => {
    const names = { caFile: 'AWS_CA_BUNDLE' };
    const failure = await failureOf(net({ caFile: files.caFile, names }).send(get(await demanding()), io));
    expect(failure.facts).toMatchObject({ kind: 'misconfigured' });
    expect(failure.facts.hint).toContain('client certificate, which cannot be set');
    expect(failure.facts.hint).not.toContain('MLFLOW_TRACKING');
  });
});

describe('a proxy for https', () => {
  it('tunnels, and trust and host name are still checked', async () => {
    const proxy = await startProxy();
    open.push(() => proxy.stop());
    const url = await secure();
    const { host } = new URL(url);
    const httpsProxy = proxy.url.replace('//', '//user:pass@');
    const kept = net({ httpsProxy, caFile: files.caFile });
    for (let i = 0; i < 2; i += 1) expect(await readText(await kept.send(get(url), io), 100)).toBe('secret');
    expect(proxy.asked).toEqual([`CONNECT ${host}`]);
    expect(proxy.credentials).toEqual([`Basic ${Buffer.from('user:pass').toString('base64')}`]);
    expect((await failureOf(net({ httpsProxy }).send(get(url), io))).kind).toBe('misconfigured');
    const other = net({ httpsProxy, caFile: files.caFile }).send(get(await secure('other')), io);
    expect((await failureOf(other)).message).toContain('another host name');
    expect(await read(url, { httpsProxy, noProxy: '127.0.0.1', caFile: files.caFile })).toBe('secret');
    expect(proxy.asked).toHaveLength(3);
  });

  it('speaks TLS for an SDK too, which names no protocol when it asks over the agent', async () => {
    const proxy = await startProxy();
    open.push(() => proxy.stop());
    const { host, hostname, port } = new URL(await secure());
    const { agents } = net({ httpsProxy: proxy.url, caFile: files.caFile });
    const answer = await new Promise<IncomingMessage>((resolve, reject) => {
      request({ host: hostname, port, agent: agents.https }, resolve).on('error', reject).end();
    });
    expect(Buffer.concat((await answer.toArray()) as Buffer[]).toString()).toBe('secret');
    expect(proxy.asked).toEqual([`CONNECT ${host}`]);
  });

  it.each([
    [407, 'misconfigured', 'HTTPS_PROXY'],
    [403, 'misconfigured', 'NO_PROXY'],
    [502, 'unavailable', undefined],
  ])('that answers %d is %s', async (status, kind, hint) => {
    const proxy = await startProxy(status);
    open.push(() => proxy.stop());
    const failure = await failureOf(
      net({ httpsProxy: proxy.url }).send(get('https://example.invalid/', { method: 'POST' }), io),
    );
    expect(failure.facts).toMatchObject({ kind, effect: 'none' });
    if (hint !== undefined) expect(failure.facts.hint).toContain(hint);
  });

  it('that never answers is a timeout', async () => {
    const silent = await startTcp(() => undefined);
    open.push(() => silent.stop());
    const asked = get('https://example.invalid/');
    const failure = await failureOf(net({ httpsProxy: silent.url, connectMs: 50 }).send(asked, io));
    expect(failure.facts).toMatchObject({ kind: 'timeout', effect: 'none' });
  });
});
