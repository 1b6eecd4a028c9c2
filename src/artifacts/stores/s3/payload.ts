import type { Readable } from 'node:stream';
import type { BufferLender } from '../../../core/buffer-lender.ts';
import { digestAmong, type Checksum } from '../../../core/checksum.ts';
import { Failure } from '../../../core/failure.ts';
import { createTally } from '../../../core/hash.ts';
import type { Io } from '../../../core/io.ts';
import { HELD_BYTES, passingBody, withHashedBody, type Hashing } from '../../hashed-body.ts';
import type { Source } from '../../store.ts';
import { checksumHeader, toBase64, type Algorithm } from './digest.ts';

/** The body of a request, with what proves it. */
export interface Payload {
  /** Bytes. */
  readonly length: number;
  /** Hex SHA-256, or `UNSIGNED-PAYLOAD`. */
  readonly hash: string;
  /** Integrity headers that the server checks before it keeps anything. */
  readonly headers: Readonly<Record<string, string>>;
  /** Known digests; those of bytes that are read only once are known after they were sent. */
  checksums(): readonly Checksum[];
  /** Whether `open` may be called again. */
  readonly replayable: boolean;
  open(io: Io): Promise<Uint8Array | Readable>;
}

/** What has to travel with a body. */
export interface PayloadRules {
  /** Over plain HTTP nothing but the signed SHA-256 protects the bytes. */
  readonly signed: boolean;
  /** The digests to send as headers, as the endpoint takes them. */
  readonly integrity: readonly Algorithm[];
}

/** What is signed in place of a digest. */
export const UNSIGNED = 'UNSIGNED-PAYLOAD';

/** A body in memory, signed with its SHA-256. */
export function bytesPayload(bytes: Uint8Array, integrity: readonly Algorithm[] = []): Payload {
  const tally = createTally(['sha256', ...integrity]);
  tally.add(bytes);
  const proof = proven({ signed: true, integrity }, tally.checksums());
  return { length: bytes.byteLength, ...proof, replayable: true, open: async () => bytes };
}

function proven(
  rules: PayloadRules,
  checksums: readonly Checksum[],
): Pick<Payload, 'hash' | 'headers' | 'checksums'> {
  const headers: Record<string, string> = {};
  for (const algorithm of rules.integrity) {
    const digest = digestAmong(checksums, algorithm);
    if (digest !== undefined) headers[checksumHeader(algorithm)] = toBase64(digest);
    if (algorithm !== 'md5') headers['x-amz-sdk-checksum-algorithm'] = algorithm.toUpperCase();
  }
  const hash = rules.signed ? (digestAmong(checksums, 'sha256') ?? UNSIGNED) : UNSIGNED;
  return { hash, headers, checksums: () => checksums };
}

/** Bytes that exist only once cannot be hashed before they are sent: their MD5 is compared with the answer's ETag. */
function passingPayload(hashing: Hashing): Payload {
  const { checksums, open } = passingBody(hashing);
  return {
    length: hashing.size,
    hash: UNSIGNED,
    headers: {},
    checksums,
    replayable: false,
    open: async (io) => open(io),
  };
}

/**
 * Gives a source as a request body to `use`. The server gets a digest before it keeps the bytes, except of a large source
 * that can be read only once. Nothing of the body may be sent once `use` ended.
 * @throws Failure changed (more or fewer bytes than announced), corrupt (not the digest announced), unsupported (no size)
 */
export async function withPayload<T>(
  source: Source,
  rules: PayloadRules,
  lender: BufferLender,
  io: Io,
  use: (payload: Payload) => Promise<T>,
): Promise<T> {
  const { size } = source;
  if (size === undefined) {
    throw new Failure({
      kind: 'unsupported',
      message: 'S3 needs to know the size of an object before it is sent',
      subject: 'source',
      hint: 'send it in parts',
    });
  }
  if (!source.replayable && size > HELD_BYTES) {
    return use(passingPayload({ source, size, algorithms: ['md5'] }));
  }
  const algorithms = [...(rules.signed ? (['sha256'] as const) : []), ...rules.integrity];
  return withHashedBody({ source, size, algorithms }, lender, io, async ({ checksums, open }) =>
    use({ length: size, ...proven(rules, checksums), replayable: true, open }),
  );
}
