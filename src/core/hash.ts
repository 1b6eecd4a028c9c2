import { createHash } from 'node:crypto';
import { Transform } from 'node:stream';
import { crc32 } from 'node:zlib';
import type { Checksum } from './checksum.ts';
import { crc32c, crc64nvme, type Halves } from './crc.ts';

/** A digest that is fed while bytes pass. */
export interface Digest {
  readonly algorithm: Checksum['algorithm'];
  update(chunk: Uint8Array): void;
  /** Lower-case hex of all bytes so far; asked once, last. */
  hex(): string;
}

/** Starts a digest. md5, sha1, sha256 and crc32 run in native code; crc32c and crc64nvme in ours, several times slower. */
export function createDigest(algorithm: Checksum['algorithm']): Digest {
  switch (algorithm) {
    case 'crc32':
      return createCrc32(algorithm, crc32);
    case 'crc32c':
      return createCrc32(algorithm, crc32c);
    case 'crc64nvme':
      return createCrc64();
    default:
      return createNative(algorithm);
  }
}

function createNative(algorithm: 'md5' | 'sha1' | 'sha256'): Digest {
  const hash = createHash(algorithm);
  return { algorithm, update: (chunk) => void hash.update(chunk), hex: () => hash.digest('hex') };
}

function createCrc32(
  algorithm: 'crc32' | 'crc32c',
  step: (chunk: Uint8Array, value: number) => number,
): Digest {
  let value = 0;
  return {
    algorithm,
    update: (chunk) => {
      value = step(chunk, value);
    },
    hex: () => value.toString(16).padStart(8, '0'),
  };
}

function createCrc64(): Digest {
  let value: Halves = { high: 0, low: 0 };
  return {
    algorithm: 'crc64nvme',
    update: (chunk) => {
      value = crc64nvme(chunk, value);
    },
    hex: () => [value.high, value.low].map((half) => half.toString(16).padStart(8, '0')).join(''),
  };
}

/** Counts bytes and feeds digests. */
export interface Tally {
  readonly bytes: number;
  add(chunk: Uint8Array): void;
  /** Whole-object checksums of all bytes so far; asked once, last. */
  checksums(): readonly Checksum[];
}

export function createTally(algorithms: readonly Checksum['algorithm'][]): Tally {
  const digests = [...new Set(algorithms)].map(createDigest);
  let bytes = 0;
  return {
    get bytes() {
      return bytes;
    },
    add: (chunk) => {
      bytes += chunk.byteLength;
      for (const digest of digests) digest.update(chunk);
    },
    checksums: () =>
      digests.map((digest) => ({ algorithm: digest.algorithm, value: digest.hex(), scope: 'whole' })),
  };
}

/** A stream that passes bytes on unchanged and tells a tally of them. */
export function tapStream(tally: Tally): Transform {
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => {
      tally.add(chunk);
      done(null, chunk);
    },
  });
}
