import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { bytesSource } from '../../src/artifacts/sources.ts';
import type { ArtifactStore } from '../../src/artifacts/store.ts';
import { createGate } from '../../src/artifacts/layers/gate.ts';
import { guard } from '../../src/artifacts/layers/guard.ts';
import { layered } from '../../src/artifacts/layers/layered.ts';
import { limit } from '../../src/artifacts/layers/limit.ts';
import { retry } from '../../src/artifacts/layers/retry.ts';
import { parseArtifactPath } from '../../src/core/artifact-path.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Failure } from '../../src/core/failure.ts';
import type { Io } from '../../src/core/io.ts';
import { failureOf } from '../conformance/artifact-store/expect-failure.ts';
import { freePort } from '../testbeds/bed.ts';
import { startListener, type Listener } from '../testbeds/listener.ts';
import { startMinio, startVersitygw, type S3Bed } from '../testbeds/s3.ts';
import { connectTo, s3Location, storeAt, type Target } from '../testbeds/s3-store.ts';
import { assumeRole } from '../testbeds/s3-role.ts';
import { startToxiproxy, type Proxy, type Toxiproxy } from '../testbeds/toxiproxy.ts';
import { createNet } from '../../src/net/create-net.ts';

const BUCKET = 'faults';
const MIB = 1024 * 1024;
const io: Io = { signal: new AbortController().signal };
const path = parseArtifactPath;

let minio: S3Bed;
let versitygw: S3Bed;
let toxiproxy: Toxiproxy;

beforeAll(async () => {
  [minio, versitygw, toxiproxy] = await Promise.all([startMinio(), startVersitygw(), startToxiproxy()]);
  await minio.createBucket(BUCKET);
  await versitygw.createBucket(BUCKET);
});
afterAll(async () => {
  await Promise.all([minio.stop(), versitygw.stop(), toxiproxy.stop()]);
});

async function drain(store: ArtifactStore): Promise<string[]> {
  const names: string[] = [];
  for await (const page of store.list('', { recursive: true }, io)) names.push(...page.map((e) => e.path));
  return names;
}

/** A removal that throws what it left undone. */
async function removed(store: ArtifactStore): Promise<void> {
  const [undone] = await store.remove([{ path: path('file'), kind: 'file' }], io);
  if (undone) throw undone.failure;
}

async function everyVerb(store: ArtifactStore): Promise<Failure[]> {
  const file = path('file');
  return [
    await failureOf(store.stat(file, io)),
    await failureOf(drain(store)),
    await failureOf(store.read(file, {}, io)),
    await failureOf(store.write(file, bytesSource(Buffer.from('x')), {}, io)),
    await failureOf(removed(store)),
  ];
}

describe('what is refused', () => {
  test('a missing bucket is named by every verb', async () => {
    for (const bed of [minio, versitygw]) {
      const failures = await everyVerb(await storeAt(bed, 'no-such-bucket'));
      expect(failures.map(({ kind }) => kind)).toEqual(Array(5).fill('not-found'));
      for (const { message, facts } of failures) {
        expect(message).toContain('bucket no-such-bucket does not exist');
        expect(facts.hint).toContain('MLFLOW_S3_ENDPOINT_URL');
      }
    }
  });

  test('a wrong secret and an unknown key are told apart, by HEAD too', async () => {
    for (const bed of [minio, versitygw]) {
      const wrong = await everyVerb(await storeAt({ ...bed, secretAccessKey: 'wrong-secret' }, BUCKET));
      expect(new Set(wrong.map(({ facts }) => `${facts.kind} ${facts.vendor?.code ?? ''}`))).toEqual(
        new Set(['unauthenticated SignatureDoesNotMatch']),
      );
      expect(wrong.map(({ message }) => message).join()).not.toContain('wrong-secret');
      const unknown = await everyVerb(await storeAt({ ...bed, accessKeyId: 'nobody' }, BUCKET));
      expect(unknown.map(({ kind }) => kind)).toEqual(Array(5).fill('unauthenticated'));
      expect(new Set(unknown.map(({ facts }) => facts.vendor?.code))).toEqual(
        new Set([bed === minio ? 'InvalidAccessKeyId' : 'XAdminUserNotFound']),
      );
    }
  });

  test.each([-3_600_000, 86_400_000])('a clock that is off by %i ms is told, and set right', async (off) => {
    const clock = { now: () => Date.now() + off, sleep: async () => undefined };
    for (const bed of [minio, versitygw]) {
      const told: string[] = [];
      const store = await storeAt(bed, BUCKET, 'skewed', { clock, warn: (message) => told.push(message) });
      expect(await store.stat(path('none'), io)).toBeUndefined();
      await store.write(path('file'), bytesSource(Buffer.from('kept')), {}, io);
      expect((await store.stat(path('file'), io))?.size).toBe(4);
      expect(told).toEqual([expect.stringContaining("this machine's clock is")]);
    }
  });

  test('anonymous requests are denied where the bucket is not public', async () => {
    const store = await storeAt(minio, BUCKET, '', { signatureVersion: 'unsigned' });
    expect((await everyVerb(store)).map(({ kind }) => kind)).toEqual(Array(5).fill('denied'));
  });

  test('a read-only role may read and list; writes and each removal are denied', async () => {
    const role = await assumeRole(minio, [
      { Effect: 'Allow', Action: ['s3:GetObject', 's3:ListBucket'], Resource: ['arn:aws:s3:::*'] },
    ]);
    const admin = await storeAt(minio, BUCKET, 'read-only');
    await admin.write(path('file'), bytesSource(Buffer.from('kept')), {}, io);
    const store = await storeAt(minio, BUCKET, 'read-only', role);
    expect(await drain(store)).toEqual(['file']);
    expect((await store.stat(path('file'), io))?.size).toBe(4);
    const denied = await failureOf(store.write(path('new'), bytesSource(Buffer.from('x')), {}, io));
    expect(denied.kind).toBe('denied');
    const undone = await store.remove([{ path: path('file'), kind: 'file' }], io);
    expect(undone.map(({ removal, failure }) => [removal.path, failure.kind])).toEqual([['file', 'denied']]);
    expect(await drain(store)).toEqual(['file']);
  });
});

describe('a broken network', () => {
  let proxy: Proxy;
  const through = (): Target => ({ ...minio, endpoint: `http://${proxy.address}` });
  beforeAll(async () => {
    proxy = await toxiproxy.proxy(new URL(minio.endpoint).host);
  });

  const withRetries = (store: ArtifactStore): ArtifactStore =>
    layered(store, [
      guard,
      retry({
        policy: { maxRetries: 5, backoffMs: 10, jitterMs: 0, maxWaitMs: 50, respectRetryAfter: true },
        clock: systemClock,
      }),
      limit(createGate(store.traits.connections)),
    ]);

  test('nothing listens: unavailable, worth a retry, nothing happened', async () => {
    const store = await storeAt({ ...minio, endpoint: `http://127.0.0.1:${await freePort()}` }, BUCKET);
    for (const { facts } of await everyVerb(store)) {
      expect(facts).toMatchObject({ kind: 'unavailable', retry: 'later', effect: 'none' });
    }
  });

  test('a body that is reset is never short; through the layers it is whole', async () => {
    const bytes = Buffer.alloc(4 * MIB, 'reset me ');
    await (await storeAt(minio, BUCKET)).write(path('body'), bytesSource(bytes), {}, io);
    const raw = await storeAt(through(), BUCKET);
    await proxy.add({ type: 'limit_data', stream: 'downstream', attributes: { bytes: MIB } });
    const body = await raw.read(path('body'), {}, io);
    const cut = await failureOf(body.stream.toArray());
    expect(cut.facts).toMatchObject({ kind: 'unavailable', retry: 'later' });
    const whole = await withRetries(await storeAt(through(), BUCKET)).read(path('body'), {}, io);
    const read = Buffer.concat((await whole.stream.toArray()) as Buffer[]);
    expect(read.equals(bytes)).toBe(true);
    await proxy.heal();
  });

  test('a connection reset while uploading publishes nothing; the old content stays', async () => {
    const store = await storeAt(minio, BUCKET);
    await store.write(path('kept'), bytesSource(Buffer.from('old')), {}, io);
    await proxy.add({ type: 'reset_peer', stream: 'upstream', attributes: { timeout: 0 } });
    const broken = await storeAt(through(), BUCKET);
    const failure = await failureOf(broken.write(path('kept'), bytesSource(Buffer.alloc(2 * MIB)), {}, io));
    expect(failure.facts).toMatchObject({ kind: 'unavailable', retry: 'later' });
    await proxy.heal();
    expect((await store.stat(path('kept'), io))?.size).toBe(3);
  });

  test('a server that falls silent is a timeout', async () => {
    await proxy.add({ type: 'timeout', stream: 'downstream', attributes: { timeout: 0 } });
    const net = createNet({ verifyTls: true, connectMs: 2_000, idleMs: 300, maxSockets: 4 });
    const store = await storeAt(through(), BUCKET, '', { net });
    const failure = await failureOf(store.stat(path('body'), io));
    expect(failure.facts).toMatchObject({ kind: 'timeout', retry: 'later' });
    await proxy.heal();
  });
});

describe('where credentials go', () => {
  let other: Listener;
  let front: Listener;
  beforeAll(async () => {
    other = await startListener();
  });
  afterAll(async () => {
    await other.stop();
    await front.stop();
  });

  test('a redirect from the endpoint is refused and never followed', async () => {
    front = await startListener((_, response) => {
      response.writeHead(307, {
        location: `${other.url}/elsewhere`,
        'x-amz-bucket-region': 'evil.example.com/',
      });
      response.end();
    });
    const target: Target = { ...minio, endpoint: front.url };
    const failures = await everyVerb(await storeAt(target, BUCKET, '', { sessionToken: 'session-secret' }));
    expect(failures.map(({ kind }) => kind)).toEqual(Array(5).fill('misconfigured'));
    expect(failures[0]?.message).toContain(`redirects to ${other.url}`);
    expect(other.requests).toEqual([]);
    expect(front.requests.length).toBeGreaterThanOrEqual(5);
    const seen = JSON.stringify(front.requests) + failures.map((f) => JSON.stringify(f.facts)).join();
    expect(seen).not.toContain(minio.secretAccessKey);
    expect(failures.map((f) => JSON.stringify(f.facts)).join()).not.toContain('session-secret');
  });

  test('closing the backend closes its connections', async () => {
    const quiet = await startListener((_, response) => response.end('<ListBucketResult/>'));
    const backend = await connectTo({ ...minio, endpoint: quiet.url });
    expect(await drain(backend.at(s3Location(BUCKET)))).toEqual([]);
    await backend.close();
    await quiet.stop();
  });
});
