import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { HELD_BYTES, withHashedBody } from '../../../src/artifacts/hashed-body.ts';
import { bytesSource } from '../../../src/artifacts/sources.ts';
import type { Source } from '../../../src/artifacts/store.ts';
import { createBufferLender } from '../../../src/core/buffer-lender.ts';
import type { Io } from '../../../src/core/io.ts';
import { expectFailure } from '../../conformance/artifact-store/expect-failure.ts';

const io: Io = { signal: new AbortController().signal };
const LARGE = HELD_BYTES + 300_000;
const ROOM = 4 * HELD_BYTES;

/** A source that counts how often it is read, at once into what it is given or as a stream. */
function counting(
  size: number,
  announced = size,
): { readonly source: Source; readonly reads: () => readonly string[] } {
  const reads: string[] = [];
  const bytes = Buffer.alloc(size, 'mlstow');
  const source: Source = {
    ...bytesSource(bytes),
    size: announced,
    open: async (from, signal) => {
      reads.push('stream');
      return bytesSource(bytes).open(from, signal);
    },
    bytes: async (_, into) => {
      reads.push('at once');
      if (!into) return bytes;
      into.set(bytes);
      return into;
    },
  };
  return { source, reads: () => reads };
}

async function digestOfBody(body: Uint8Array | AsyncIterable<Uint8Array>): Promise<string> {
  const hash = createHash('sha256');
  if (body instanceof Uint8Array) hash.update(body);
  else for await (const chunk of body) hash.update(chunk);
  return hash.digest('hex');
}

/** The digest that is told before, and those of the body as it is given twice. */
async function digests(source: Source, size: number, room: number): Promise<readonly (string | undefined)[]> {
  const hashing = { source, size, algorithms: ['sha256'] } as const;
  return withHashedBody(hashing, createBufferLender(room), io, async ({ checksums, open }) => [
    checksums[0]?.value,
    await digestOfBody(await open(io)),
    await digestOfBody(await open(io)),
  ]);
}

describe.each([
  ['a small one is held', 1000, 0, ['at once']],
  ['a large one is held in a lent buffer', LARGE, ROOM, ['at once']],
  ['a large one is read again each time while nothing is lent', LARGE, 0, ['stream', 'stream', 'stream']],
] as const)('%s', (_, size, room, expected) => {
  test('and is sent as it was hashed, as often as is needed', async () => {
    const { source, reads } = counting(size);
    const told = await digests(source, size, room);
    const digest = await digestOfBody(Buffer.alloc(size, 'mlstow'));
    expect(told).toEqual([digest, digest, digest]);
    expect(reads()).toEqual(expected);
  });

  test('and fails when it announces another digest', async () => {
    const { source } = counting(size);
    const checksums = [{ algorithm: 'md5', value: '00', scope: 'whole' }] as const;
    await expectFailure(digests({ ...source, checksums }, size, room), 'corrupt');
  });
});

test.each([
  ['small', 1000, 0],
  ['large', LARGE, 0],
] as const)('a %s one that has more bytes than it announces is not sent', async (_, size, room) => {
  const { source } = counting(size, size - 1);
  await expectFailure(digests(source, size - 1, room), 'changed');
});

test('what was lent is given back when the use of it fails', async () => {
  const lender = createBufferLender(ROOM);
  const { source } = counting(LARGE);
  const hashing = { source, size: LARGE, algorithms: ['md5'] } as const;
  const failing = async (): Promise<never> => Promise.reject(new Error('the wire broke'));
  await expect(withHashedBody(hashing, lender, io, failing)).rejects.toThrow('the wire broke');
  expect(lender.take(ROOM)).toBeDefined();
});

test('a held body counts as progress while it is sent', async () => {
  const { source } = counting(LARGE);
  const hashing = { source, size: LARGE, algorithms: ['md5'] } as const;
  const told: number[] = [];
  const sending: Io = { ...io, progress: (bytes) => told.push(bytes) };
  await withHashedBody(hashing, createBufferLender(ROOM), io, async ({ open }) =>
    digestOfBody(await open(sending)),
  );
  expect(told.length).toBeGreaterThan(1);
  expect(told.reduce((sum, bytes) => sum + bytes, 0)).toBe(LARGE);
});
