import type { ServerResponse } from 'node:http';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { createGate } from '../../src/artifacts/layers/gate.ts';
import { guard } from '../../src/artifacts/layers/guard.ts';
import { layered } from '../../src/artifacts/layers/layered.ts';
import { limit } from '../../src/artifacts/layers/limit.ts';
import { retry } from '../../src/artifacts/layers/retry.ts';
import { bytesSource } from '../../src/artifacts/sources.ts';
import type { ArtifactStore } from '../../src/artifacts/store.ts';
import { parseArtifactPath } from '../../src/core/artifact-path.ts';
import { systemClock } from '../../src/core/clock.ts';
import { exitCodeOf } from '../../src/core/failure.ts';
import type { Io } from '../../src/core/io.ts';
import { createNet } from '../../src/net/create-net.ts';
import { failureOf } from '../conformance/artifact-store/expect-failure.ts';
import { freePort } from '../testbeds/bed.ts';
import { startHdfs, type HdfsBed } from '../testbeds/hdfs.ts';
import { hdfsStoreAt, makeHome, namesBelow } from '../testbeds/hdfs-store.ts';
import { startListener, type Listener } from '../testbeds/listener.ts';
import { startToxiproxy, type Proxy, type Toxic, type Toxiproxy } from '../testbeds/toxiproxy.ts';

const HOME = '/faults';
const MIB = 1024 * 1024;
const BYTES = Buffer.alloc(3 * MIB, 'what is to arrive whole ');
const io: Io = { signal: new AbortController().signal };
const path = parseArtifactPath;

let bed: HdfsBed;
let toxiproxy: Toxiproxy;
let data: Proxy;
let front: Listener;

beforeAll(async () => {
  [bed, toxiproxy] = await Promise.all([startHdfs(), startToxiproxy()]);
  await makeHome(bed, HOME);
  data = await toxiproxy.proxy(bed.dataNode);
  front = await startListener((request, response) => void forward(request, response));
});
afterAll(async () => {
  await Promise.all([front.stop(), toxiproxy.stop(), bed.stop()]);
});
beforeEach(async () => data.heal());

/** The name node, naming the broken way to its data node. */
async function forward(
  { method, url }: { readonly method: string; readonly url: string },
  response: ServerResponse,
): Promise<void> {
  const answer = await fetch(bed.webhdfs + url, { method, redirect: 'manual' });
  const location = answer.headers.get('location')?.replace(bed.dataNode, data.address);
  response.writeHead(answer.status, location === undefined ? {} : { location }).end(await answer.text());
}

async function storeThrough(idleMs = 10_000): Promise<ArtifactStore> {
  const net = createNet({ verifyTls: true, connectMs: 2_000, idleMs, maxSockets: 8 });
  return hdfsStoreAt(bed, HOME, { webhdfsUrl: front.url, net });
}

function withRetries(store: ArtifactStore): ArtifactStore {
  const policy = { maxRetries: 4, backoffMs: 10, jitterMs: 0, maxWaitMs: 50, respectRetryAfter: true };
  return layered(store, [guard, retry({ policy, clock: systemClock }), limit(createGate(4))]);
}

async function read(store: ArtifactStore, name: string): Promise<Buffer> {
  const body = await store.read(path(name), {}, io);
  return Buffer.concat((await body.stream.toArray()) as Buffer[]);
}

const SLOW: readonly (readonly [string, Toxic])[] = [
  ['latency', { type: 'latency', attributes: { latency: 150, jitter: 50 } }],
  ['little bandwidth', { type: 'bandwidth', attributes: { rate: 4_000 } }],
  [
    'little pieces',
    { type: 'slicer', attributes: { average_size: 4_000, size_variation: 2_000, delay: 10 } },
  ],
  ['slow closing', { type: 'slow_close', attributes: { delay: 500 } }],
];

test.each(SLOW)('%s: written and read whole', async (name, toxic) => {
  for (const stream of ['upstream', 'downstream'] as const) await data.add({ ...toxic, stream });
  const store = await storeThrough();
  const file = name.replaceAll(' ', '-');
  const { entry } = await store.write(path(file), bytesSource(BYTES), {}, io);
  expect(entry.size).toBe(BYTES.length);
  expect((await read(store, file)).equals(BYTES)).toBe(true);
});

const BROKEN: readonly (readonly [string, Toxic, readonly string[]])[] = [
  ['a reset', { type: 'reset_peer', stream: 'upstream', attributes: { timeout: 100 } }, ['unavailable']],
  [
    'a cut after a part',
    { type: 'limit_data', stream: 'upstream', attributes: { bytes: MIB } },
    ['unavailable', 'timeout'],
  ],
  ['a black hole', { type: 'timeout', stream: 'upstream', attributes: { timeout: 0 } }, ['timeout']],
];

describe('a write that breaks', () => {
  test.each(BROKEN)(
    '%s: nothing is published, the old file stays, nothing is left',
    async (_, toxic, kinds) => {
      const calm = await hdfsStoreAt(bed, `${HOME}/kept`);
      await calm.write(path('file'), bytesSource(Buffer.from('old')), {}, io);
      await data.add(toxic);
      const net = createNet({ verifyTls: true, connectMs: 2_000, idleMs: 700, maxSockets: 8 });
      const store = await hdfsStoreAt(bed, `${HOME}/kept`, { webhdfsUrl: front.url, net });
      const failure = await failureOf(store.write(path('file'), bytesSource(BYTES), {}, io));
      expect(kinds, failure.message).toContain(failure.kind);
      expect(failure.retry).toBe('later');
      expect(exitCodeOf(failure.kind)).toBe(7);
      expect((await read(calm, 'file')).toString()).toBe('old');
      expect(await namesBelow(bed, `${HOME}/kept`)).toEqual(['file']);
    },
  );
});

describe('a read that breaks', () => {
  test('is never short, and says that a retry may help', async () => {
    const calm = await hdfsStoreAt(bed, HOME);
    await calm.write(path('body'), bytesSource(BYTES), {}, io);
    await data.add({ type: 'limit_data', stream: 'downstream', attributes: { bytes: MIB } });
    const cut = await failureOf(read(await storeThrough(), 'body'));
    expect(cut.facts).toMatchObject({ kind: 'unavailable', retry: 'later' });
    expect((await failureOf(read(withRetries(await storeThrough()), 'body'))).kind).toBe('unavailable');
    await data.heal();
    expect((await read(withRetries(await storeThrough()), 'body')).equals(BYTES)).toBe(true);
  });

  test('silence is a timeout', async () => {
    await data.add({ type: 'timeout', stream: 'upstream', attributes: { timeout: 0 } });
    const failure = await failureOf(read(await storeThrough(400), 'body'));
    expect(failure.facts).toMatchObject({ kind: 'timeout', retry: 'later' });
  });

  test('a data node that is gone is unavailable; so is a name node', async () => {
    await data.cut();
    expect((await failureOf(read(await storeThrough(), 'body'))).kind).toBe('unavailable');
    const nowhere = await hdfsStoreAt(bed, HOME, { webhdfsUrl: `http://127.0.0.1:${await freePort()}` });
    const { facts } = await failureOf(nowhere.stat(path('body'), io));
    expect(facts).toMatchObject({ kind: 'unavailable', retry: 'later', effect: 'none' });
  });
});

describe('what HDFS refuses', () => {
  test('a directory of another account is denied, and says whose it is', async () => {
    await makeHome(bed, '/of-bob', 'bob');
    const store = await hdfsStoreAt(bed, '/of-bob');
    const failure = await failureOf(store.write(path('file'), bytesSource(Buffer.from('x')), {}, io));
    expect(failure.kind).toBe('denied');
    expect(failure.message).toContain('user=alice');
    expect(failure.facts.hint).toContain('HADOOP_USER_NAME');
    const asBob = await hdfsStoreAt(bed, '/of-bob', { user: 'bob' });
    expect((await asBob.write(path('file'), bytesSource(Buffer.from('x')), {}, io)).entry.size).toBe(1);
    expect(await namesBelow(bed, '/of-bob')).toEqual(['file']);
  });

  test('a directory of more files than one answer holds is listed in order, and emptied', async () => {
    const count = process.env['MLSTOW_SOAK'] === undefined ? 1_100 : 10_000;
    const store = withRetries(await hdfsStoreAt(bed, `${HOME}/many`));
    const names = Array.from({ length: count }, (_, i) => `f${String(i).padStart(5, '0')}`);
    const waiting = names.values();
    const worker = async () => {
      for (const name of waiting) await store.write(path(name), bytesSource(Buffer.alloc(0)), {}, io);
    };
    await Promise.all(Array.from({ length: 8 }, worker));
    const listed: string[] = [];
    for await (const page of store.list('', { recursive: true }, io)) {
      expect(page.length).toBeLessThanOrEqual(1000);
      listed.push(...page.map((entry) => entry.path));
    }
    expect(listed).toEqual(names);
    const removals = names.map((name) => ({ path: path(name), kind: 'file' }) as const);
    expect(await store.remove(removals, io)).toEqual([]);
    expect(await namesBelow(bed, `${HOME}/many`)).toEqual([]);
  });
});
