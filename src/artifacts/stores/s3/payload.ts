import { Readable } from 'node:stream';
import type { Checksum } from '../../../core/checksum.ts';
import { Failure } from '../../../core/failure.ts';
import { createTally, type Tally } from '../../../core/hash.ts';
import type { Io } from '../../../core/io.ts';
import type { Source } from '../../store.ts';
import { checksumHeader, digestOf, toBase64, type Algorithm } from './digest.ts';

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

/** Bodies up to this size are held in memory, in bytes; larger ones are read twice: once for the digest, once to send. */
const HELD_BYTES = 1024 * 1024;
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
    const digest = digestOf(checksums, algorithm);
    if (digest !== undefined) headers[checksumHeader(algorithm)] = toBase64(digest);
    if (algorithm !== 'md5') headers['x-amz-sdk-checksum-algorithm'] = algorithm.toUpperCase();
  }
  const hash = rules.signed ? (digestOf(checksums, 'sha256') ?? UNSIGNED) : UNSIGNED;
  return { hash, headers, checksums: () => checksums };
}

function confirm(given: readonly Checksum[], found: readonly Checksum[]): void {
  for (const { algorithm, value, scope } of given) {
    const digest = digestOf(found, algorithm);
    if (scope === 'whole' && digest !== undefined && digest !== value.toLowerCase()) {
      throw new Failure({
        kind: 'corrupt',
        message: `the bytes have ${algorithm} ${digest}, not ${value} as announced`,
        subject: algorithm,
      });
    }
  }
}

function wrongSize(found: number, announced: number): Failure {
  return new Failure({
    kind: 'changed',
    message: `the bytes to send are ${found}, not ${announced} as announced`,
    subject: 'source',
    hint: 'log the file again when nothing writes to it any more',
  });
}

function tallyFor(rules: PayloadRules, given: readonly Checksum[]): Tally {
  const announced = given.filter(({ scope }) => scope === 'whole').map(({ algorithm }) => algorithm);
  return createTally([...(rules.signed ? (['sha256'] as const) : []), ...rules.integrity, ...announced]);
}

async function* counted(
  stream: Readable,
  io: Io,
  look?: (chunk: Uint8Array) => void,
): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    look?.(chunk);
    yield chunk;
    io.progress?.(chunk.byteLength);
  }
}

/** Reads a source to its end; `look` sees each chunk. The digests are those of exactly the bytes announced. */
async function readThrough(
  source: Source,
  size: number,
  rules: PayloadRules,
  io: Io,
  look?: (chunk: Uint8Array) => void,
): Promise<readonly Checksum[]> {
  const tally = tallyFor(rules, source.checksums);
  for await (const chunk of (await source.open(0, io.signal)) as AsyncIterable<Uint8Array>) {
    tally.add(chunk);
    if (tally.bytes > size) throw wrongSize(tally.bytes, size);
    look?.(chunk);
  }
  if (tally.bytes !== size) throw wrongSize(tally.bytes, size);
  const checksums = tally.checksums();
  confirm(source.checksums, checksums);
  return checksums;
}

/** A source's bytes, and the digests of exactly those that were announced. */
async function gather(
  source: Source,
  size: number,
  rules: PayloadRules,
  io: Io,
): Promise<{ readonly bytes: Uint8Array; readonly checksums: readonly Checksum[] }> {
  if (!source.bytes) {
    const chunks: Uint8Array[] = [];
    const checksums = await readThrough(source, size, rules, io, (chunk) => chunks.push(chunk));
    return { bytes: chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks), checksums };
  }
  const bytes = await source.bytes(io.signal);
  if (bytes.byteLength !== size) throw wrongSize(bytes.byteLength, size);
  const tally = tallyFor(rules, source.checksums);
  tally.add(bytes);
  const checksums = tally.checksums();
  confirm(source.checksums, checksums);
  return { bytes, checksums };
}

async function heldPayload(source: Source, size: number, rules: PayloadRules, io: Io): Promise<Payload> {
  const { bytes, checksums } = await gather(source, size, rules, io);
  return { length: size, ...proven(rules, checksums), replayable: true, open: async () => bytes };
}

async function replayedPayload(source: Source, size: number, rules: PayloadRules, io: Io): Promise<Payload> {
  const checksums = await readThrough(source, size, rules, io);
  return {
    length: size,
    ...proven(rules, checksums),
    replayable: true,
    open: async (sending) =>
      Readable.from(counted(await source.open(0, sending.signal), sending), { objectMode: false }),
  };
}

/** Bytes that exist only once cannot be hashed before they are sent: their MD5 is compared with the answer's ETag. */
function passingPayload(source: Source, size: number): Payload {
  const tally = createTally(['md5']);
  return {
    length: size,
    hash: UNSIGNED,
    headers: {},
    checksums: () => tally.checksums(),
    replayable: false,
    open: async (io) =>
      Readable.from(
        counted(await source.open(0, io.signal), io, (chunk) => tally.add(chunk)),
        { objectMode: false },
      ),
  };
}

/**
 * A source as a request body. The server gets a digest before it keeps the bytes, except of a large source that can be
 * read only once.
 * @throws Failure changed (more or fewer bytes than announced), corrupt (not the digest announced), unsupported (no size)
 */
export async function payloadOf(source: Source, rules: PayloadRules, io: Io): Promise<Payload> {
  const { size } = source;
  if (size === undefined) {
    throw new Failure({
      kind: 'unsupported',
      message: 'S3 needs to know the size of an object before it is sent',
      subject: 'source',
      hint: 'send it in parts',
    });
  }
  if (size <= HELD_BYTES) return heldPayload(source, size, rules, io);
  return source.replayable ? replayedPayload(source, size, rules, io) : passingPayload(source, size);
}
