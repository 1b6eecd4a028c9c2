import { mkdir, readdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { bytesSource } from '../../src/artifacts/sources.ts';
import { createGate } from '../../src/artifacts/layers/gate.ts';
import { guard } from '../../src/artifacts/layers/guard.ts';
import { layered } from '../../src/artifacts/layers/layered.ts';
import { limit } from '../../src/artifacts/layers/limit.ts';
import { retry } from '../../src/artifacts/layers/retry.ts';
import type { ArtifactStore, Receipt } from '../../src/artifacts/store.ts';
import { parseArtifactPath } from '../../src/core/artifact-path.ts';
import { systemClock } from '../../src/core/clock.ts';
import type { Io } from '../../src/core/io.ts';
import { createNet } from '../../src/net/create-net.ts';
import { runCli } from '../cli/run-cli.ts';
import { failureOf } from '../conformance/artifact-store/expect-failure.ts';
import { bedFolder, freePort } from '../testbeds/bed.ts';
import { gcsStoreAt, startFakeGcs, type FakeGcs } from '../testbeds/fake-gcs.ts';
import { startToxiproxy, type Proxy, type Toxiproxy } from '../testbeds/toxiproxy.ts';

const BUCKET = 'faults';
const MIB = 1024 * 1024;
const io: Io = { signal: new AbortController().signal };
const path = parseArtifactPath;
const bytes = Buffer.alloc(4 * MIB + 17, 'break me ');

let gcs: FakeGcs;
let toxiproxy: Toxiproxy;
let proxy: Proxy;
let through = '';
let dir = '';

beforeAll(async () => {
  [gcs, toxiproxy] = await Promise.all([startFakeGcs(), startToxiproxy()]);
  await gcs.createBucket(BUCKET);
  proxy = await toxiproxy.proxy(new URL(gcs.endpoint).host);
  through = `http://${proxy.address}`;
  dir = await bedFolder('gcs-faults');
});
afterEach(async () => proxy.heal());
afterAll(async () => {
  await Promise.all([gcs.stop(), toxiproxy.stop()]);
  await rm(dir, { recursive: true });
});

const direct = async (): Promise<ArtifactStore> => gcsStoreAt(gcs.endpoint, BUCKET);

/** Whoever is silent for 500 ms is given up. */
async function impatient(): Promise<ArtifactStore> {
  const net = createNet({ verifyTls: true, connectMs: 2_000, idleMs: 500, maxSockets: 8 });
  return gcsStoreAt(through, BUCKET, '', { net });
}

function withRetries(store: ArtifactStore): ArtifactStore {
  const policy = { maxRetries: 5, backoffMs: 10, jitterMs: 0, maxWaitMs: 50, respectRetryAfter: true };
  const gate = createGate(store.traits.connections);
  return layered(store, [guard, retry({ policy, clock: systemClock }), limit(gate)]);
}

async function read(store: ArtifactStore, name: string): Promise<Buffer> {
  const body = await store.read(path(name), {}, io);
  return Buffer.concat((await body.stream.toArray()) as Buffer[]);
}

async function namesOf(store: ArtifactStore): Promise<string[]> {
  const names: string[] = [];
  for await (const page of store.list('', { recursive: true }, io)) names.push(...page.map((e) => e.path));
  return names;
}

describe('a slow network', () => {
  test.each([
    { type: 'latency', stream: 'downstream', attributes: { latency: 100, jitter: 50 } },
    { type: 'bandwidth', stream: 'upstream', attributes: { rate: 4_000 } },
    { type: 'bandwidth', stream: 'downstream', attributes: { rate: 4_000 } },
    { type: 'slow_close', stream: 'downstream', attributes: { delay: 200 } },
  ] as const)('($type $stream) is waited for, and what moves is proven', async (toxic) => {
    await proxy.add(toxic);
    const store = withRetries(await gcsStoreAt(through, BUCKET));
    const stored = await store.write(path('slow'), bytesSource(bytes), {}, io);
    expect(stored.proof).toBe('checksum');
    expect((await read(store, 'slow')).equals(bytes)).toBe(true);
  });
});

describe('a broken network', () => {
  test('nothing listens: unavailable, worth a retry, nothing happened', async () => {
    const store = await gcsStoreAt(`http://127.0.0.1:${await freePort()}`, BUCKET);
    const failures = [
      await failureOf(store.stat(path('x'), io)),
      await failureOf(store.read(path('x'), {}, io)),
      await failureOf(store.write(path('x'), bytesSource(Buffer.from('x')), {}, io)),
      await failureOf(namesOf(store)),
      await failureOf(store.facts(io)),
      await failureOf(store.multipart!.begin(path('x'), { partBytes: MIB, media: {} }, io)),
    ];
    for (const { facts } of failures) {
      expect(facts).toMatchObject({ kind: 'unavailable', retry: 'later', effect: 'none' });
    }
    const [undone] = await store.remove([{ path: path('x'), kind: 'file' }], io);
    expect(undone?.failure.kind).toBe('unavailable');
  });

  test('a body that is reset is never short; through the layers it is whole', async () => {
    await (await direct()).write(path('body'), bytesSource(bytes), {}, io);
    await proxy.add({ type: 'limit_data', stream: 'downstream', attributes: { bytes: 700_000 } });
    const cut = await failureOf(read(await impatient(), 'body'));
    expect(cut.facts).toMatchObject({ kind: 'unavailable', retry: 'later' });
    expect((await read(withRetries(await impatient()), 'body')).equals(bytes)).toBe(true);
  });

  test('an upload that is reset in the middle publishes nothing; the old content stays', async () => {
    await (await direct()).write(path('kept'), bytesSource(Buffer.from('old')), {}, io);
    await proxy.add({ type: 'limit_data', stream: 'upstream', attributes: { bytes: MIB } });
    const store = await impatient();
    const failure = await failureOf(store.write(path('kept'), bytesSource(bytes), {}, io));
    expect(failure.facts).toMatchObject({ kind: 'unavailable', retry: 'later' });
    expect((await (await direct()).stat(path('kept'), io))?.size).toBe(3);
  });

  test('an upload in parts that is reset publishes nothing, and nothing after it was given up', async () => {
    const store = await impatient();
    const plan = { partBytes: MIB, media: {} };
    const session = await store.multipart!.begin(path('parts'), plan, io);
    const receipts: Receipt[] = [];
    const part = (number: number) => ({ number, offset: (number - 1) * MIB, size: MIB });
    const put = async (number: number) => {
      const { offset, size } = part(number);
      return session.put(part(number), bytesSource(bytes.subarray(offset, offset + size)), io);
    };
    receipts.push(await put(1));
    await proxy.add({ type: 'limit_data', stream: 'upstream', attributes: { bytes: 200_000 } });
    expect((await failureOf(put(2))).kind).toBe('unavailable');
    await proxy.heal();
    await session.abort(io);
    const commit = { size: MIB, checksums: [] };
    expect((await failureOf(session.commit(receipts, commit, io))).kind).toBe('conflict');
    expect(await (await direct()).stat(path('parts'), io)).toBeUndefined();
  });

  test('silence is a timeout, of every verb', async () => {
    await proxy.add({ type: 'timeout', stream: 'downstream', attributes: { timeout: 0 } });
    const store = await impatient();
    for (const failure of [
      await failureOf(store.stat(path('body'), io)),
      await failureOf(store.read(path('body'), {}, io)),
      await failureOf(store.write(path('silent'), bytesSource(Buffer.from('x')), {}, io)),
      await failureOf(namesOf(store)),
    ]) {
      expect(failure.facts).toMatchObject({ kind: 'timeout', retry: 'later' });
      expect(failure.facts.hint).toContain('raise');
    }
  });
});

describe('the command', () => {
  const env = () => ({
    STORAGE_EMULATOR_HOST: through,
    MLFLOW_TRACKING_URI: `sqlite:///${join(dir, 'mlflow.db')}`,
    MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT: '1',
    MLFLOW_HTTP_REQUEST_MAX_RETRIES: '1',
    MLFLOW_HTTP_REQUEST_BACKOFF_FACTOR: '0',
    MLFLOW_HTTP_REQUEST_BACKOFF_JITTER: '0',
  });

  test('exits 7 at a black hole, and leaves no part of a file', async () => {
    await (await direct()).write(path('tree/file'), bytesSource(bytes), {}, io);
    await proxy.add({ type: 'limit_data', stream: 'downstream', attributes: { bytes: 100_000 } });
    await proxy.add({ type: 'timeout', stream: 'downstream', attributes: { timeout: 0 } });
    const to = join(dir, 'out');
    const args = ['artifacts', 'download', '-u', `gs://${BUCKET}/tree`, '-d', to];
    const { code, stderr } = await runCli(args, { cwd: dir, env: env() });
    expect([code, stderr]).toEqual([7, expect.stringContaining('was silent for 1000 ms')]);
    const left = await readdir(dir, { recursive: true });
    expect(left.filter((name) => name.endsWith('/file'))).toEqual([]);
  });

  test('exits 7 when nothing can be stored, and nothing is there', async () => {
    await mkdir(join(dir, 'src'), { recursive: true });
    await writeFile(join(dir, 'src', 'file'), bytes);
    await proxy.cut();
    const place = { cwd: dir, env: env() };
    const location = ['--artifact-location', `gs://${BUCKET}/experiment`];
    expect((await runCli(['experiments', 'create', '-n', 'e', ...location], place)).code).toBe(0);
    const run = await runCli(['runs', 'create', '--experiment-name', 'e', '-q'], place);
    const logged = await runCli(['artifacts', 'log', 'src/', '-r', run.stdout.trim()], place);
    expect(logged.code).toBe(7);
    await proxy.heal();
    expect((await namesOf(await direct())).filter((name) => name.startsWith('experiment'))).toEqual([]);
  });
});
