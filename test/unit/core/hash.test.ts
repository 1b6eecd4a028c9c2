import { pipeline } from 'node:stream/promises';
import { Readable, Writable } from 'node:stream';
import { describe, expect, test } from 'vitest';
import type { Checksum } from '../../../src/core/checksum.ts';
import { createDigest, createTally, tapStream } from '../../../src/core/hash.ts';

/** Check values for "123456789": RFC 1321 and FIPS 180-4 by construction, the CRCs from the reveng catalogue. */
const KNOWN: readonly (readonly [Checksum['algorithm'], string, string])[] = [
  ['crc32', 'cbf43926', '00000000'],
  ['crc32c', 'e3069283', '00000000'],
  ['crc64nvme', 'ae8b14860a799888', '0000000000000000'],
  ['md5', '25f9e794323b453885f5181f1b624d0b', 'd41d8cd98f00b204e9800998ecf8427e'],
  ['sha1', 'f7c3bc1d808e04732adf679965ccc34ca7ae3441', 'da39a3ee5e6b4b0d3255bfef95601890afd80709'],
  [
    'sha256',
    '15e2b0d3c33891ebb0f1ef609ec419420c20e320ce94c65fbc8c3312448eb225',
    'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  ],
];

describe('digests', () => {
  test.each(KNOWN)('%s of known bytes, in any pieces, and of nothing', (algorithm, expected, empty) => {
    expect(createDigest(algorithm).hex()).toBe(empty);
    for (const pieces of [['123456789'], ['1', '2345', '', '6789']]) {
      const digest = createDigest(algorithm);
      for (const piece of pieces) digest.update(Buffer.from(piece));
      expect(digest.hex()).toBe(expected);
    }
  });

  test('a tally counts bytes and feeds each algorithm once', () => {
    const tally = createTally(['crc32', 'md5', 'crc32']);
    tally.add(Buffer.from('1234'));
    tally.add(Buffer.from('56789'));
    expect(tally.bytes).toBe(9);
    expect(tally.checksums()).toEqual([
      { algorithm: 'crc32', value: 'cbf43926', scope: 'whole' },
      { algorithm: 'md5', value: '25f9e794323b453885f5181f1b624d0b', scope: 'whole' },
    ]);
  });

  test('a tap passes bytes on unchanged', async () => {
    const tally = createTally(['crc32c']);
    const seen: Buffer[] = [];
    const sink = new Writable({
      write: (chunk: Buffer, _encoding, done) => {
        seen.push(chunk);
        done();
      },
    });
    await pipeline(Readable.from([Buffer.from('12345'), Buffer.from('6789')]), tapStream(tally), sink);
    expect(Buffer.concat(seen).toString()).toBe('123456789');
    expect(tally.checksums()[0]?.value).toBe('e3069283');
  });
});
