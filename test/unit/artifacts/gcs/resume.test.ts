import { afterEach, describe, expect, test } from 'vitest';
import type { Receipt, UploadSession } from '../../../../src/artifacts/store.ts';
import { failureOf } from '../../../conformance/artifact-store/expect-failure.ts';
import {
  at,
  begin,
  crc32cOf,
  done,
  incomplete,
  io,
  KIB_256,
  partOf,
  play,
  refuse,
  resourceOf,
  someBytes,
  type Played,
  type Step,
} from './play-session.ts';

let service: Played;
afterEach(async () => service.stop());

const SIZE = 2 * KIB_256 + 1000;
const bytes = someBytes(SIZE);
const parts = [
  partOf(bytes, 1, 0, KIB_256),
  partOf(bytes, 2, KIB_256, 2 * KIB_256),
  partOf(bytes, 3, 2 * KIB_256, SIZE),
] as const;
const [first, second, third] = parts;
const COMMIT = { size: SIZE, checksums: [] };
const LAST = `bytes ${2 * KIB_256}-${SIZE - 1}/${SIZE}`;

const keep =
  (kept: number): Step =>
  (_, response) =>
    incomplete(response, kept);
const finish: Step = (_, response) => done(response, bytes);
const fail =
  (status: number): Step =>
  (_, response) =>
    refuse(response, status, 'gone');

/** What the first process got of a part: the same as whoever reads the same bytes. */
async function receiptsOfAll(): Promise<Receipt[]> {
  const steps = [keep(KIB_256), keep(2 * KIB_256)];
  const session = await playing(...steps);
  const receipts: Receipt[] = [];
  for (const { part, source } of parts) receipts.push(await session.put(part, source, io));
  await service.stop();
  return receipts;
}

async function playing(...steps: readonly Step[]): Promise<UploadSession> {
  service = await play(steps);
  return begin(service.store);
}

/** The session of a process that died, as another one takes it up. */
async function resumed(...steps: readonly Step[]): Promise<UploadSession> {
  const { token } = await playing(...steps);
  return service.store.multipart!.attach!(at('file'), token, { partBytes: KIB_256, media: {} });
}

async function confirmed(session: UploadSession): Promise<Receipt[]> {
  const receipts: Receipt[] = [];
  for await (const page of session.confirmed!(io)) receipts.push(...page);
  return receipts;
}

describe('a session that another process began', () => {
  test('has a token that is a secret, and asks nobody but the endpoint that was told', async () => {
    await playing();
    const stray = 'https://elsewhere.example.com/upload/storage/v1/b/bucket/o?upload_id=SECRET-ID';
    const session = service.store.multipart!.attach!(at('file'), stray, { partBytes: KIB_256, media: {} });
    expect(session.tokenIsSecret).toBe(true);
    expect(new URL(session.token).origin).toBe(service.url);
    expect(service.requests).toHaveLength(1);
  });

  test('goes on where the service says that it is: 308 with a Range', async () => {
    const receipts = await receiptsOfAll();
    const session = await resumed(keep(KIB_256 + 7), keep(2 * KIB_256), finish);
    expect(await confirmed(session)).toEqual([{ ...first.part, tag: '1' }]);
    const rest = [
      await session.put(second.part, second.source, io),
      await session.put(third.part, third.source, io),
    ];
    expect(rest).toEqual(receipts.slice(1));
    const stored = await session.commit([receipts[0]!, ...rest], COMMIT, io);
    expect(stored.proof).toBe('checksum');
    expect(service.ranges()).toEqual(['bytes */*', `bytes ${KIB_256 + 7}-${2 * KIB_256 - 1}/*`, LAST]);
    expect(service.requests.at(-2)?.body.equals(bytes.subarray(KIB_256 + 7, 2 * KIB_256))).toBe(true);
    expect(service.requests.at(-1)?.headers['x-goog-hash']).toBe(`crc32c=${crc32cOf(bytes)}`);
    expect(
      service.requests.every(
        ({ headers }) => headers.authorization === undefined || headers['content-range'] === undefined,
      ),
    ).toBe(true);
  });

  test('begins at the first byte where the service has none: 308 without a Range', async () => {
    const session = await resumed(keep(0), keep(KIB_256), keep(2 * KIB_256), finish);
    expect(await confirmed(session)).toEqual([]);
    const receipts: Receipt[] = [];
    for (const { part, source } of parts) receipts.push(await session.put(part, source, io));
    await session.commit(receipts, COMMIT, io);
    expect(service.ranges()).toEqual([
      'bytes */*',
      `bytes 0-${KIB_256 - 1}/*`,
      `bytes ${KIB_256}-${2 * KIB_256 - 1}/*`,
      LAST,
    ]);
  });

  test('asks by itself when nobody asked before', async () => {
    const receipts = await receiptsOfAll();
    const session = await resumed(keep(2 * KIB_256), finish);
    await session.put(third.part, third.source, io);
    await session.commit(receipts, COMMIT, io);
    expect(service.ranges()).toEqual(['bytes */*', LAST]);
  });

  test('sends nothing of what is there already, though it is given', async () => {
    const session = await resumed(keep(2 * KIB_256), finish);
    const receipts: Receipt[] = [];
    for (const { part, source } of parts) receipts.push(await session.put(part, source, io));
    expect((await session.commit(receipts, COMMIT, io)).proof).toBe('checksum');
    expect(service.ranges()).toEqual(['bytes */*', LAST]);
    expect(service.requests.at(-1)?.headers['x-goog-hash']).toBe(`crc32c=${crc32cOf(bytes)}`);
  });

  test('is published without a checksum where that of a part is not known, and says so', async () => {
    const session = await resumed(keep(2 * KIB_256), finish);
    const receipts = await confirmed(session);
    receipts.push(await session.put(third.part, third.source, io));
    expect((await session.commit(receipts, COMMIT, io)).proof).toBe('size');
    expect(service.requests.at(-1)?.headers).not.toHaveProperty('x-goog-hash');
  });

  test('tells a mixture of two files by the checksum of the whole, and takes it back', async () => {
    const receipts = await receiptsOfAll();
    const other = Buffer.from(bytes);
    other[5] = (other[5] ?? 0) ^ 1;
    const session = await resumed(
      keep(2 * KIB_256),
      (_, response) => done(response, other, '4711'),
      (_, response) => void response.writeHead(204).end(),
    );
    await session.put(third.part, third.source, io);
    expect((await failureOf(session.commit(receipts, COMMIT, io))).kind).toBe('corrupt');
    expect(service.requests.at(-1)?.url).toContain('ifGenerationMatch=4711');
  });

  test('that fails for a moment is asked again', async () => {
    const session = await resumed(fail(503), keep(KIB_256));
    expect((await failureOf(confirmed(session))).facts).toMatchObject({
      kind: 'unavailable',
      retry: 'later',
    });
    expect(await confirmed(session)).toHaveLength(1);
  });
});

describe('a session that cannot be trusted any more is begun anew', () => {
  test.each([404, 410])('when the service forgot it (%i)', async (status) => {
    const session = await resumed(...[1, 2, 3].map(() => fail(status)));
    const receipts = [{ ...first.part, tag: '1' }];
    const failures = [
      await failureOf(confirmed(session)),
      await failureOf(session.put(first.part, first.source, io)),
      await failureOf(session.commit(receipts, { size: KIB_256, checksums: [] }, io)),
    ];
    expect(failures.map(({ kind, retry }) => [kind, retry])).toEqual(Array(3).fill(['not-found', 'never']));
    expect(failures.map(({ message }) => message).join()).not.toContain('SECRET-ID');
  });

  test('when it has less than it had', async () => {
    const session = await resumed(keep(10));
    expect((await failureOf(session.put(second.part, second.source, io))).kind).toBe('not-found');
  });

  test.each([200, 201])('when it is finished (%i), save for a commit, which compares', async (status) => {
    const receipts = await receiptsOfAll();
    const finished: Step = (_, response) =>
      void response.writeHead(status, { 'content-type': 'application/json' }).end(resourceOf(bytes));
    const session = await resumed(finished, finished, finished);
    expect((await failureOf(confirmed(session))).kind).toBe('not-found');
    expect((await failureOf(session.put(third.part, third.source, io))).kind).toBe('not-found');
    expect((await session.commit(receipts, COMMIT, io)).proof).toBe('checksum');
    expect(service.ranges()).toEqual(['bytes */*', 'bytes */*', `bytes */${SIZE}`]);
  });

  test('when a commit finds bytes missing that nobody gave', async () => {
    const receipts = await receiptsOfAll();
    const session = await resumed(keep(2 * KIB_256));
    expect((await failureOf(session.commit(receipts, COMMIT, io))).kind).toBe('not-found');
    expect(service.ranges()).toEqual([`bytes */${SIZE}`]);
  });
});
