import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { combineCrcs, isCombinable, type Combinable } from '../../../src/core/crc-combine.ts';
import { createDigest } from '../../../src/core/hash.ts';

const ALGORITHMS = ['crc32', 'crc32c', 'crc64nvme'] as const;

function hexOf(algorithm: Combinable, ...chunks: readonly Uint8Array[]): string {
  const digest = createDigest(algorithm);
  for (const chunk of chunks) digest.update(chunk);
  return digest.hex();
}

describe.each(ALGORITHMS)('%s of pieces', (algorithm) => {
  it('is that of the whole, however it was cut', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 8 }), (chunks) => {
        const pieces = chunks.map((chunk) => ({ value: hexOf(algorithm, chunk), bytes: chunk.length }));
        expect(combineCrcs(algorithm, pieces)).toBe(hexOf(algorithm, ...chunks));
      }),
    );
  });

  it('tells pieces in another order from the whole', () => {
    const [a, b] = [Buffer.from('one'), Buffer.from('other')];
    const pieces = [b, a].map((chunk) => ({ value: hexOf(algorithm, chunk), bytes: chunk.length }));
    expect(combineCrcs(algorithm, pieces)).not.toBe(hexOf(algorithm, a, b));
  });

  it('is known of 5 TiB of zeros in ranges without reading them twice', () => {
    const range = 16 * 1024 ** 2;
    const zeros = hexOf(algorithm, Buffer.alloc(range));
    const two = combineCrcs(
      algorithm,
      Array.from({ length: 2 }, () => ({ value: zeros, bytes: range })),
    );
    const four = combineCrcs(
      algorithm,
      Array.from({ length: 2 }, () => ({ value: two, bytes: 2 * range })),
    );
    expect(
      combineCrcs(
        algorithm,
        Array.from({ length: 4 }, () => ({ value: zeros, bytes: range })),
      ),
    ).toBe(four);
  });
});

it('digests that are no CRCs cannot be combined', () => {
  expect(['md5', 'sha1', 'sha256', 'toString'].filter(isCombinable)).toEqual([]);
  expect(ALGORITHMS.filter(isCombinable)).toEqual([...ALGORITHMS]);
});
