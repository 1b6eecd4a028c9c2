import { Readable } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, test } from 'vitest';
import type { Receipt, UploadSession } from '../../../../src/artifacts/store.ts';
import { failureOf } from '../../../conformance/artifact-store/expect-failure.ts';
import {
  begin,
  crc32cOf,
  done,
  incomplete,
  io,
  KIB_256,
  partOf,
  play,
  refuse,
  someBytes,
  type Played,
  type Step,
} from './play-session.ts';

let service: Played;
afterEach(async () => service.stop());

const SIZE = 2 * KIB_256 + 1000;
const bytes = someBytes(SIZE);
const first = partOf(bytes, 1, 0, KIB_256 + 500);
const second = partOf(bytes, 2, KIB_256 + 500, SIZE);

async function playing(...steps: readonly Step[]): Promise<UploadSession> {
  service = await play(steps);
  return begin(service.store);
}

async function putBoth(session: UploadSession): Promise<Receipt[]> {
  return [await session.put(first.part, first.source, io), await session.put(second.part, second.source, io)];
}

const keep =
  (bytesKept: number): Step =>
  (_, response) =>
    incomplete(response, bytesKept);
const finish: Step = (_, response) => done(response, bytes);
const fail =
  (status: number, reason = 'backendError'): Step =>
  (_, response) =>
    refuse(response, status, reason);
const cut: Step = (_, response) => void response.destroy();

/** What the session's requests carried, put together as the service would. */
function received(): Buffer {
  const whole = Buffer.alloc(SIZE);
  for (const { method, headers, body } of service.requests) {
    const from = /^bytes (\d+)-/.exec(headers['content-range'] ?? '')?.[1];
    if (method === 'PUT' && from !== undefined) body.copy(whole, Number(from));
  }
  return whole;
}

const CHUNKS = [
  `bytes 0-${KIB_256 - 1}/*`,
  `bytes ${KIB_256}-${2 * KIB_256 - 1}/*`,
  `bytes ${2 * KIB_256}-${SIZE - 1}/${SIZE}`,
];
const COMMIT = { size: SIZE, checksums: [] };

describe('a session', () => {
  test('sends whole multiples of 256 KiB, keeps the rest for the commit and proves the CRC32C', async () => {
    const session = await playing(keep(KIB_256), keep(2 * KIB_256), finish);
    const receipts = await putBoth(session);
    const stored = await session.commit(receipts, COMMIT, io);
    expect(service.ranges()).toEqual(CHUNKS);
    expect(received().equals(bytes)).toBe(true);
    expect(stored).toMatchObject({
      proof: 'checksum',
      entry: { path: 'file', size: SIZE, version: { id: '17', strong: true } },
    });
    const last = service.requests.at(-1);
    expect(last?.headers['x-goog-hash']).toBe(`crc32c=${crc32cOf(bytes)}`);
    expect(await session.commit(receipts, COMMIT, io)).toEqual(stored);
  });

  test('keeps the rest also where it comes long after what is sent', async () => {
    const session = await playing(keep(KIB_256), keep(2 * KIB_256), finish);
    const source = {
      ...first.source,
      open: async () =>
        Readable.from(
          (async function* () {
            yield bytes.subarray(0, KIB_256);
            await sleep(100);
            yield bytes.subarray(KIB_256, KIB_256 + 500);
          })(),
        ),
    };
    const receipts = [
      await session.put(first.part, source, io),
      await session.put(second.part, second.source, io),
    ];
    await session.commit(receipts, COMMIT, io);
    expect(service.ranges()).toEqual(CHUNKS);
    expect(received().equals(bytes)).toBe(true);
  });

  test('stays at the endpoint that was told, wherever the service says it is', async () => {
    const session = await playing(keep(KIB_256));
    await session.put(first.part, first.source, io);
    expect(new URL(session.token).origin).toBe(service.url);
    expect(service.requests[1]?.url).toContain('upload_id=SECRET-ID');
    expect(JSON.parse(service.requests[0]?.body.toString() ?? '')).toEqual({ contentType: 'text/plain' });
  });

  test('always keeps a byte back, so that nothing is published before the commit', async () => {
    const session = await playing(keep(KIB_256), (_, response) =>
      done(response, bytes.subarray(0, 2 * KIB_256)),
    );
    const { part, source } = partOf(bytes, 1, 0, 2 * KIB_256);
    const receipt = await session.put(part, source, io);
    expect(service.ranges()).toEqual([`bytes 0-${KIB_256 - 1}/*`]);
    await session.commit([receipt], { size: 2 * KIB_256, checksums: [] }, io);
    expect(service.ranges()[1]).toBe(`bytes ${KIB_256}-${2 * KIB_256 - 1}/${2 * KIB_256}`);
  });

  test('takes small parts without a request', async () => {
    const session = await playing((_, response) => done(response, bytes.subarray(0, 300)));
    const parts = [partOf(bytes, 1, 0, 100), partOf(bytes, 2, 100, 300)];
    const receipts: Receipt[] = [];
    for (const { part, source } of parts) receipts.push(await session.put(part, source, io));
    expect(service.requests).toHaveLength(1);
    await session.commit(receipts, { size: 300, checksums: [] }, io);
    expect(service.ranges()).toEqual(['bytes 0-299/300']);
  });

  test('without a byte is an empty object', async () => {
    const session = await playing((_, response) => done(response, Buffer.alloc(0)));
    const stored = await session.commit([], { size: 0, checksums: [] }, io);
    expect(stored.entry.size).toBe(0);
    expect(service.ranges()).toEqual(['bytes */0']);
  });
});

describe('what the service did not keep', () => {
  test('is sent again from there', async () => {
    const session = await playing(keep(1000), keep(KIB_256), keep(2 * KIB_256), finish);
    await session.commit(await putBoth(session), COMMIT, io);
    expect(service.ranges()).toEqual([CHUNKS[0], `bytes 1000-${KIB_256 - 1}/*`, ...CHUNKS.slice(1)]);
    expect(received().equals(bytes)).toBe(true);
  });

  test('may be everything (no Range header), also of what was held', async () => {
    const session = await playing(keep(KIB_256), keep(KIB_256), keep(2 * KIB_256), finish);
    await session.commit(await putBoth(session), COMMIT, io);
    expect(service.ranges()).toEqual([CHUNKS[0], CHUNKS[1], CHUNKS[1], CHUNKS[2]]);
    expect(received().equals(bytes)).toBe(true);
  });

  test('is given up when it never keeps more', async () => {
    const session = await playing(keep(0), keep(0), keep(0));
    const failure = await failureOf(session.put(first.part, first.source, io));
    expect(failure.facts).toMatchObject({ kind: 'unavailable', retry: 'later' });
    expect(service.requests).toHaveLength(4);
  });

  test('of earlier parts is lost, and said so', async () => {
    const session = await playing(keep(KIB_256), keep(10));
    await session.put(first.part, first.source, io);
    const failure = await failureOf(session.put(second.part, second.source, io));
    expect([failure.kind, failure.retry, failure.facts.hint]).toEqual([
      'unavailable',
      'never',
      'log the file again',
    ]);
  });

  test('at the commit is sent again too', async () => {
    const session = await playing(keep(KIB_256), keep(2 * KIB_256), keep(2 * KIB_256 + 10), finish);
    await session.commit(await putBoth(session), COMMIT, io);
    expect(service.ranges()[3]).toBe(`bytes ${2 * KIB_256 + 10}-${SIZE - 1}/${SIZE}`);
    expect(received().equals(bytes)).toBe(true);
  });
});

describe('after a request whose end is unknown', () => {
  test.each([
    ['503', fail(503)],
    ['a cut connection', cut],
  ])('(%s) a part asks what was kept and goes on from there', async (_, trouble) => {
    const session = await playing(keep(KIB_256), trouble, keep(KIB_256 + 7), keep(2 * KIB_256), finish);
    const receipt = await session.put(first.part, first.source, io);
    const failure = await failureOf(session.put(second.part, second.source, io));
    expect(failure.facts).toMatchObject({ kind: 'unavailable', retry: 'later', effect: 'unknown' });
    const again = await session.put(second.part, second.source, io);
    await session.commit([receipt, again], COMMIT, io);
    expect(service.ranges()).toEqual([
      CHUNKS[0],
      CHUNKS[1],
      'bytes */*',
      `bytes ${KIB_256 + 7}-${2 * KIB_256 - 1}/*`,
      CHUNKS[2],
    ]);
    expect(received().equals(bytes)).toBe(true);
  });

  test('a commit asks, and finds the object finished', async () => {
    const session = await playing(keep(KIB_256), keep(2 * KIB_256), fail(503), finish);
    const receipts = await putBoth(session);
    await failureOf(session.commit(receipts, COMMIT, io));
    const stored = await session.commit(receipts, COMMIT, io);
    expect(stored.proof).toBe('checksum');
    expect(service.ranges().at(-1)).toBe(`bytes */${SIZE}`);
  });

  test('a commit asks, and sends what is missing', async () => {
    const session = await playing(keep(KIB_256), keep(2 * KIB_256), fail(503), keep(2 * KIB_256), finish);
    const receipts = await putBoth(session);
    await failureOf(session.commit(receipts, COMMIT, io));
    await session.commit(receipts, COMMIT, io);
    expect(service.ranges().slice(-2)).toEqual([`bytes */${SIZE}`, CHUNKS[2]]);
  });

  test.each([404, 410])('a session that has ended (%d) is lost', async (status) => {
    const session = await playing(fail(status, 'gone'));
    const failure = await failureOf(session.put(first.part, first.source, io));
    expect([failure.kind, failure.retry]).toEqual(['unavailable', 'never']);
    expect(failure.message).not.toContain('SECRET-ID');
  });
});

describe('what must not be published', () => {
  test('an object with another CRC32C is taken back, by its generation', async () => {
    const other = Buffer.from(bytes);
    other[5] = (other[5] ?? 0) ^ 1;
    const session = await playing(
      keep(KIB_256),
      keep(2 * KIB_256),
      (_, response) => done(response, other, '4711'),
      (_, response) => void response.writeHead(204).end(),
    );
    const failure = await failureOf(session.commit(await putBoth(session), COMMIT, io));
    expect(failure.kind).toBe('corrupt');
    const last = service.requests.at(-1);
    expect([last?.method, last?.url]).toEqual([
      'DELETE',
      '/storage/v1/b/bucket/o/file?ifGenerationMatch=4711',
    ]);
  });

  test('a commit that lacks a part, or whose digest is another one, sends nothing', async () => {
    const session = await playing(keep(KIB_256), keep(2 * KIB_256));
    const receipts = await putBoth(session);
    expect((await failureOf(session.commit(receipts.slice(1), COMMIT, io))).kind).toBe('corrupt');
    const checksums = [{ algorithm: 'crc32c', value: '00000000', scope: 'whole' }] as const;
    expect((await failureOf(session.commit(receipts, { size: SIZE, checksums }, io))).kind).toBe('corrupt');
    expect(service.requests).toHaveLength(3);
  });

  test('a part that is not the next one is refused', async () => {
    const session = await playing();
    expect((await failureOf(session.put(second.part, second.source, io))).kind).toBe('invalid');
  });

  test('an abort ends the session, once; 499 is how Google confirms it', async () => {
    const session = await playing(keep(KIB_256), (_, response) => void response.writeHead(499).end());
    const receipt = await session.put(first.part, first.source, io);
    await session.abort(io);
    await session.abort(io);
    expect(service.requests.filter(({ method }) => method === 'DELETE')).toHaveLength(1);
    const failure = await failureOf(session.commit([receipt], { size: first.part.size, checksums: [] }, io));
    expect(failure.kind).toBe('conflict');
  });
});
