import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { createBucketClient } from '../../../../src/artifacts/stores/s3/client.ts';
import { anonymous, chainKeys, type KeySource } from '../../../../src/artifacts/stores/s3/credentials.ts';
import { connectS3 } from '../../../../src/artifacts/stores/s3/backend.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { Failure } from '../../../../src/core/failure.ts';
import type { Io } from '../../../../src/core/io.ts';
import { createNet } from '../../../../src/net/create-net.ts';
import type { Net } from '../../../../src/net/net.ts';
import { startListener, type Listener } from '../../../testbeds/listener.ts';

const io: Io = { signal: new AbortController().signal };
const MINUTE = 60_000;
let net: Net;
let container: Listener;
let issued: number;

beforeEach(async () => {
  net = createNet({ verifyTls: true, connectMs: 1_000, maxSockets: 4 });
  issued = 0;
  container = await startListener((_, response) => {
    issued += 1;
    response.setHeader('content-type', 'application/json');
    response.end(
      JSON.stringify({
        AccessKeyId: `key-${issued}`,
        SecretAccessKey: 'secret',
        Token: 'token',
        Expiration: new Date(Date.now() + 60 * MINUTE).toISOString(),
      }),
    );
  });
  vi.stubEnv('AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED', 'true');
  vi.stubEnv('AWS_CONFIG_FILE', '/nonexistent/config');
  vi.stubEnv('AWS_SHARED_CREDENTIALS_FILE', '/nonexistent/credentials');
  vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
  for (const name of ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY', 'AWS_PROFILE'])
    vi.stubEnv(name, undefined);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  net.close();
  await container.stop();
});

describe('the default chain', () => {
  test('a container role is asked once, kept, and asked again shortly before it ends or when refused', async () => {
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${container.url}/role`);
    let now = Date.now();
    const clock = { ...systemClock, now: () => now };
    const source = chainKeys({ region: 'us-east-1', net, clock });
    const first = await Promise.all([source.get(io), source.get(io), source.get(io)]);
    expect(first.map((keys) => keys?.accessKeyId)).toEqual(['key-1', 'key-1', 'key-1']);
    expect(first[0]?.sessionToken).toBe('token');
    now += 54 * MINUTE;
    expect((await source.get(io))?.accessKeyId).toBe('key-1');
    now += 2 * MINUTE;
    expect((await source.get(io))?.accessKeyId).toBe('key-2');
    now -= 56 * MINUTE;
    expect(source.reject(await source.get(io))).toBe(true);
    expect((await source.get(io))?.accessKeyId).toBe('key-3');
  });

  test('keys that cannot be renewed are used until they expire, and that is told', async () => {
    const dir = await mkdtemp(join(tmpdir(), 'mlstow-credentials-'));
    const file = join(dir, 'keys.json');
    const began = Date.now();
    const Expiration = new Date(began + 15 * MINUTE).toISOString();
    const keys = { Version: 1, AccessKeyId: 'first', SecretAccessKey: 's', SessionToken: 't', Expiration };
    await writeFile(file, JSON.stringify(keys));
    await writeFile(join(dir, 'config'), `[profile short]\ncredential_process = cat ${file}\n`);
    vi.stubEnv('AWS_CONFIG_FILE', join(dir, 'config'));
    let now = began;
    const told: string[] = [];
    const tracing: Io = {
      ...io,
      trace: (event, fields) => told.push(`${event} ${String(fields['source'])}`),
    };
    const source = chainKeys({ profile: 'short', net, clock: { ...systemClock, now: () => now } });
    expect((await source.get(tracing))?.accessKeyId).toBe('first');
    expect(told).toEqual(['credentials credential_process of AWS profile short']);
    await rm(file);
    now = began + 11 * MINUTE;
    expect((await source.get(tracing))?.accessKeyId).toBe('first');
    expect(told[1]).toBe('credentials-kept credential_process of AWS profile short');
    now = began + 15 * MINUTE;
    await expect(source.get(tracing)).rejects.toMatchObject({ kind: 'unauthenticated' });
    await writeFile(file, JSON.stringify({ ...keys, AccessKeyId: 'second', Expiration: undefined }));
    expect((await source.get(tracing))?.accessKeyId).toBe('second');
    expect(told).toHaveLength(3);
    await rm(dir, { recursive: true });
  });

  test('no credentials anywhere is one sentence that names the places', async () => {
    const source = chainKeys({ region: 'us-east-1', net, clock: systemClock });
    const thrown: unknown = await source.get(io).catch((error: unknown) => error);
    expect(thrown).toBeInstanceOf(Failure);
    expect((thrown as Failure).kind).toBe('unauthenticated');
    expect((thrown as Failure).message).toMatch(/unable to find AWS credentials; looked at .*instance role/);
  });

  test('a profile that does not exist is named', async () => {
    const source = chainKeys({ profile: 'nowhere', region: 'us-east-1', net, clock: systemClock });
    const thrown: unknown = await source.get(io).catch((error: unknown) => error);
    expect((thrown as Failure).message).toContain('AWS profile nowhere');
  });

  test('waiting for credentials stops on request', async () => {
    vi.stubEnv('AWS_CONTAINER_CREDENTIALS_FULL_URI', `${container.url}/role`);
    const source = chainKeys({ region: 'us-east-1', net, clock: systemClock });
    await expect(source.get({ signal: AbortSignal.abort() })).rejects.toThrow();
  });
});

describe('expired keys', () => {
  const site = (listener: Listener) =>
    ({ bucket: 'bkt', endpoint: new URL(listener.url), region: 'us-east-1', style: 'path' }) as const;

  function renewing(): KeySource {
    let generation = 1;
    return {
      get: async () => ({ accessKeyId: `gen-${generation}`, secretAccessKey: 's' }),
      reject: () => {
        generation += 1;
        return true;
      },
    };
  }

  test.each(['GET', 'HEAD'] as const)('a refused %s is sent once more with fresh ones', async (method) => {
    const server = await startListener((request, response) => {
      if (request.headers.authorization?.includes('gen-1/')) {
        response.writeHead(400);
        response.end('<Error><Code>ExpiredToken</Code></Error>');
      } else response.end();
    });
    const client = createBucketClient(site(server), {
      net,
      clock: systemClock,
      keys: renewing(),
      headers: {},
    });
    const response = await client.send({ method, doing: 'read', subject: 's3://bkt/x', key: 'x' }, io);
    expect(response.status).toBe(200);
    await server.stop();
  });

  test('keys that stay refused end the matter', async () => {
    const server = await startListener((_, response) => {
      response.writeHead(400);
      response.end('<Error><Code>ExpiredToken</Code></Error>');
    });
    const client = createBucketClient(site(server), {
      net,
      clock: systemClock,
      keys: renewing(),
      headers: {},
    });
    const call = { method: 'GET', doing: 'read', subject: 's3://bkt/x', key: 'x' } as const;
    const thrown: unknown = await client.send(call, io).catch((error: unknown) => error);
    expect((thrown as Failure).facts).toMatchObject({ kind: 'unauthenticated', retry: 'reauthenticate' });
    expect(server.requests).toHaveLength(2);
    await server.stop();
  });

  test('anonymous requests carry no signature', async () => {
    const server = await startListener();
    const client = createBucketClient(site(server), {
      net,
      clock: systemClock,
      keys: anonymous(),
      headers: {},
    });
    await client.send({ method: 'GET', doing: 'read', subject: 's3://bkt/x', key: 'x' }, io);
    expect(server.requests[0]?.headers).not.toHaveProperty('authorization');
    await server.stop();
  });
});

test('half a key is refused before any request', async () => {
  const options = {
    addressingStyle: 'auto',
    signatureVersion: 's3v4',
    maxSockets: 1,
    net,
    clock: systemClock,
  } as const;
  await expect(connectS3({ ...options, accessKeyId: 'only' })).rejects.toMatchObject({
    facts: { kind: 'misconfigured', subject: 'AWS_SECRET_ACCESS_KEY' },
  });
});
