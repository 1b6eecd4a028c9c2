import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createGate } from '../../src/artifacts/layers/gate.ts';
import { guard } from '../../src/artifacts/layers/guard.ts';
import { layered } from '../../src/artifacts/layers/layered.ts';
import { limit } from '../../src/artifacts/layers/limit.ts';
import { retry } from '../../src/artifacts/layers/retry.ts';
import { bytesSource } from '../../src/artifacts/sources.ts';
import type { ArtifactStore } from '../../src/artifacts/store.ts';
import { parseArtifactPath as path } from '../../src/core/artifact-path.ts';
import { systemClock, type Clock } from '../../src/core/clock.ts';
import { exitCodeOf, type Failure } from '../../src/core/failure.ts';
import type { Io } from '../../src/core/io.ts';
import { failureOf } from '../conformance/artifact-store/expect-failure.ts';
import { inParallel } from '../conformance/artifact-store/pattern.ts';
import { startAzurite, type AzuriteBed } from '../testbeds/azurite.ts';
import { storeAt } from '../testbeds/azurite-store.ts';
import { freePort } from '../testbeds/bed.ts';
import { startListener } from '../testbeds/listener.ts';
import { startToxiproxy, type Proxy, type Toxiproxy } from '../testbeds/toxiproxy.ts';

const BOX = 'faults';
const MIB = 1024 * 1024;
const io: Io = { signal: new AbortController().signal };
const file = path('file');

let bed: AzuriteBed;
let toxiproxy: Toxiproxy;
let proxy: Proxy;

beforeAll(async () => {
  [bed, toxiproxy] = await Promise.all([startAzurite(), startToxiproxy()]);
  await bed.createContainer(BOX);
  proxy = await toxiproxy.proxy(new URL(bed.endpoint).host);
});
afterEach(async () => proxy.heal());
afterAll(async () => {
  await Promise.all([bed.stop(), toxiproxy.stop()]);
});

async function at(origin: string, root: string, idleMs = 20_000): Promise<ArtifactStore> {
  const options = { accessKey: bed.key, blobEndpoint: `${origin}/${bed.account}` };
  return storeAt(bed, BOX, root, options, { idleMs });
}

const through = async (root: string, idleMs?: number) => at(`http://${proxy.address}`, root, idleMs);

function withRetries(store: ArtifactStore, clock = systemClock): ArtifactStore {
  const policy = { maxRetries: 5, backoffMs: 10, jitterMs: 0, maxWaitMs: 50, respectRetryAfter: true };
  return layered(store, [guard, retry({ policy, clock }), limit(createGate(16))]);
}

async function drain(store: ArtifactStore): Promise<string[]> {
  const names: string[] = [];
  for await (const page of store.list('', { recursive: true }, io)) names.push(...page.map((e) => e.path));
  return names;
}

async function bytesOf(store: ArtifactStore): Promise<Buffer> {
  const body = await store.read(file, {}, io);
  return Buffer.concat((await body.stream.toArray()) as Buffer[]);
}

async function everyVerb(store: ArtifactStore): Promise<Failure[]> {
  const undone = async () => {
    const [first] = await store.remove([{ path: file, kind: 'file' }], io);
    if (first) throw first.failure;
  };
  return [
    await failureOf(store.stat(file, io)),
    await failureOf(drain(store)),
    await failureOf(store.read(file, {}, io)),
    await failureOf(store.write(file, bytesSource(Buffer.from('x')), {}, io)),
    await failureOf(undone()),
    await failureOf(store.facts(io)),
  ];
}

describe('a broken network', () => {
  test('nothing listens: unavailable, worth a retry, nothing happened', async () => {
    const store = await at(`http://127.0.0.1:${await freePort()}`, 'nobody');
    for (const { facts } of await everyVerb(store)) {
      expect(facts).toMatchObject({ kind: 'unavailable', retry: 'later', effect: 'none' });
      expect(exitCodeOf(facts.kind)).toBe(7);
    }
  });

  test('a body that is reset is never short; through the layers it is whole', async () => {
    const bytes = Buffer.alloc(4 * MIB, 'reset me ');
    await (await at(new URL(bed.endpoint).origin, 'body')).write(file, bytesSource(bytes), {}, io);
    await proxy.add({ type: 'limit_data', stream: 'downstream', attributes: { bytes: MIB } });
    const cut = await failureOf(bytesOf(await through('body')));
    expect(cut.facts).toMatchObject({ kind: 'unavailable', retry: 'later' });
    expect((await bytesOf(withRetries(await through('body')))).equals(bytes)).toBe(true);
  });

  test.each(['reset_peer', 'limit_data'] as const)(
    'a later page of a listing that is cut (%s) is asked for again, and no other',
    async (type) => {
      const names = Array.from({ length: 1_100 }, (_, i) => `file-${i}`);
      const direct = await at(new URL(bed.endpoint).origin, `pages-${type}`);
      const write = (name: string) => async () =>
        direct.write(path(name), bytesSource(Buffer.from('x')), {}, io);
      await inParallel(16, names.map(write));
      let waits = 0;
      const healing: Clock = {
        now: () => Date.now(),
        sleep: async () => {
          waits += 1;
          await proxy.heal();
        },
      };
      const seen: string[][] = [];
      const store = withRetries(await through(`pages-${type}`), healing);
      for await (const page of store.list('', { recursive: true }, io)) {
        seen.push(page.map((entry) => entry.path));
        const attributes = type === 'limit_data' ? { bytes: 20_000 } : { timeout: 0 };
        if (seen.length === 1) await proxy.add({ type, stream: 'downstream', attributes });
      }
      expect(waits).toBe(1);
      expect(seen.map(({ length }) => length)).toEqual([1000, 100]);
      expect(seen.flat().toSorted()).toEqual(names.toSorted());
    },
  );

  test('a connection reset while uploading publishes nothing, in one piece or in parts', async () => {
    const store = await at(new URL(bed.endpoint).origin, 'upload');
    await store.write(file, bytesSource(Buffer.from('old')), {}, io);
    await proxy.add({ type: 'limit_data', stream: 'upstream', attributes: { bytes: 256 * 1024 } });
    const broken = await through('upload');
    const bytes = Buffer.alloc(3 * MIB, 'new');
    expect((await failureOf(broken.write(file, bytesSource(bytes), {}, io))).kind).toBe('unavailable');
    const session = await broken.multipart!.begin(file, { partBytes: 3 * MIB, media: {} }, io);
    const part = { number: 1, offset: 0, size: 3 * MIB };
    expect((await failureOf(session.put(part, bytesSource(bytes), io))).kind).toBe('unavailable');
    expect((await bytesOf(store)).toString()).toBe('old');
  });

  test('a server that falls silent is a timeout for every verb', async () => {
    await proxy.add({ type: 'timeout', stream: 'downstream', attributes: { timeout: 0 } });
    for (const { facts } of await everyVerb(await through('silent', 300))) {
      expect(facts).toMatchObject({ kind: 'timeout', retry: 'later' });
      expect(exitCodeOf(facts.kind)).toBe(7);
    }
  });

  test.each([2_000, 2_000_000])('a body of %d bytes that falls silent is a timeout', async (length) => {
    const server = await startListener((_, response) => {
      response.writeHead(200, { 'content-length': length, etag: '"1"' });
      response.write(Buffer.alloc(length / 2));
    });
    const store = await at(server.url, 'half', 300);
    const read = store.read(file, {}, io).then(async ({ stream }) => stream.forEach(() => undefined));
    const failure = await failureOf(read);
    expect(failure.facts).toMatchObject({ kind: 'timeout', retry: 'later' });
    await server.stop();
  });

  test('a slow, delayed, sliced and slowly closing connection only takes longer', async () => {
    await proxy.add({ type: 'latency', attributes: { latency: 40, jitter: 20 } });
    await proxy.add({ type: 'bandwidth', stream: 'upstream', attributes: { rate: 2_000 } });
    await proxy.add({ type: 'slicer', attributes: { average_size: 2_000, size_variation: 500, delay: 10 } });
    await proxy.add({ type: 'slow_close', attributes: { delay: 200 } });
    const store = withRetries(await through('slow', 2_000));
    const bytes = Buffer.alloc(MIB, 'slowly ');
    const stored = await store.write(file, bytesSource(bytes), {}, io);
    expect(stored.proof).toBe('checksum');
    expect((await bytesOf(store)).equals(bytes)).toBe(true);
  });
});

describe('a server that answers otherwise', () => {
  test('a redirect is refused and never followed', async () => {
    const other = await startListener();
    const front = await startListener((_, response) => {
      response.writeHead(307, { location: `${other.url}/elsewhere` });
      response.end();
    });
    const failures = await everyVerb(await at(front.url, 'redirected'));
    expect(failures.map(({ kind }) => kind)).toEqual(Array(6).fill('misconfigured'));
    expect(failures[0]?.message).toContain(`redirects to ${other.url}`);
    expect(other.requests).toEqual([]);
    expect(front.requests).toHaveLength(6);
    await Promise.all([front.stop(), other.stop()]);
  });

  test.each([
    [503, 'ServerBusy', { kind: 'throttled', retry: 'later', retryAfterMs: 7_000 }],
    [500, 'InternalError', { kind: 'unavailable', retry: 'later', effect: 'unknown' }],
    [403, 'AuthorizationPermissionMismatch', { kind: 'denied' }],
    [403, 'AuthenticationFailed', { kind: 'unauthenticated' }],
    [409, 'BlobImmutableDueToPolicy', { kind: 'denied' }],
  ] as const)('%d %s is asked once, by every verb', async (status, code, facts) => {
    const server = await startListener((_, response) => {
      response.writeHead(status, { 'x-ms-error-code': code, 'retry-after': '7' });
      response.end();
    });
    const failures = await everyVerb(await at(server.url, 'refused'));
    for (const failure of failures) expect(failure.facts).toMatchObject(facts);
    expect(failures[0]?.facts.vendor).toMatchObject({ status, code });
    expect(server.requests).toHaveLength(6);
    await server.stop();
  });

  test('an answer that is not XML is corrupt, not an empty listing', async () => {
    const server = await startListener((_, response) => response.end('<html><body>Welcome</body></html>'));
    const failure = await failureOf(drain(await at(server.url, 'portal')));
    expect(failure.kind).toBe('corrupt');
    await server.stop();
  });
});
