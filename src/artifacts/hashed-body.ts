import { Readable } from 'node:stream';
import type { BufferLender } from '../core/buffer-lender.ts';
import type { Checksum } from '../core/checksum.ts';
import type { Tally } from '../core/hash.ts';
import { slicesOf } from '../core/held-bytes.ts';
import type { Io } from '../core/io.ts';
import { confirmDigests, tallyOf, wrongSize } from './announced.ts';
import type { Source } from './store.ts';

/** Bytes to be sent, and by what they are hashed besides what their source announces. */
export interface Hashing {
  readonly source: Source;
  /** Bytes. */
  readonly size: number;
  readonly algorithms: readonly Checksum['algorithm'][];
}

/** A request body whose digests are known before it is sent. */
export interface HashedBody {
  readonly checksums: readonly Checksum[];
  /** The bytes, as often as they are needed. What comes as a stream counts as progress while it is read. */
  readonly open: (io: Io) => Promise<Uint8Array | Readable>;
}

/** Bodies up to this size are always held in memory, in bytes. */
export const HELD_BYTES = 1024 * 1024;

/** What the lender of one backend should have, in bytes: eight parts of the usual size. */
export const MOST_LENT = 64 * 1024 * 1024;

/** Counts the bytes of a source and their digests. */
function tallyFor({ source, algorithms }: Hashing): Tally {
  return tallyOf(algorithms, source.checksums);
}

/**
 * The digests that were counted, when they are those of the bytes announced.
 * @throws Failure changed (more or fewer bytes), corrupt (not the digests)
 */
function confirm({ source, size }: Hashing, tally: Tally): readonly Checksum[] {
  if (tally.bytes !== size) throw wrongSize(tally.bytes, size);
  const found = tally.checksums();
  confirmDigests(source.checksums, found);
  return found;
}

/** Reads a source to its end, for its digests. */
async function readThrough(hashing: Hashing, io: Io): Promise<readonly Checksum[]> {
  const { source, size } = hashing;
  const tally = tallyFor(hashing);
  for await (const chunk of (await source.open(0, io.signal)) as AsyncIterable<Uint8Array>) {
    tally.add(chunk);
    if (tally.bytes > size) throw wrongSize(tally.bytes, size);
  }
  return confirm(hashing, tally);
}

async function gather({ source, size }: Hashing, { signal }: Io): Promise<Uint8Array> {
  if (source.bytes) return source.bytes(signal);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of (await source.open(0, signal)) as AsyncIterable<Uint8Array>) {
    bytes += chunk.byteLength;
    if (bytes > size) throw wrongSize(bytes, size);
    chunks.push(chunk);
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
}

function digestsOf(hashing: Hashing, bytes: Uint8Array): readonly Checksum[] {
  const tally = tallyFor(hashing);
  tally.add(bytes);
  return confirm(hashing, tally);
}

/** A stream whose chunks count as progress once the next one is asked for. */
function counted(chunks: Iterable<Uint8Array> | AsyncIterable<Uint8Array>, { progress }: Io): Readable {
  const told = async function* (): AsyncGenerator<Uint8Array> {
    for await (const chunk of chunks) {
      yield chunk;
      progress?.(chunk.byteLength);
    }
  };
  return Readable.from(told(), { objectMode: false });
}

/** A request body whose digests are known once its bytes were read. */
export interface PassingBody {
  /** None before the last chunk is given. */
  readonly checksums: () => readonly Checksum[];
  readonly open: (io: Io) => Readable;
}

/**
 * Bytes that exist only once, hashed while they pass. The last chunk is given only when all before it is what was announced:
 * a body that lacks it publishes nothing.
 */
export function passingBody(hashing: Hashing): PassingBody {
  let found: readonly Checksum[] = [];
  const checked = async function* (signal: AbortSignal): AsyncGenerator<Uint8Array> {
    const tally = tallyFor(hashing);
    let last: Uint8Array | undefined;
    for await (const chunk of (await hashing.source.open(0, signal)) as AsyncIterable<Uint8Array>) {
      if (last !== undefined) yield last;
      last = chunk;
      tally.add(chunk);
      if (tally.bytes > hashing.size) throw wrongSize(tally.bytes, hashing.size);
    }
    found = confirm(hashing, tally);
    if (last !== undefined) yield last;
  };
  return { checksums: () => found, open: (io) => counted(checked(io.signal), io) };
}

async function held(hashing: Hashing, io: Io): Promise<HashedBody> {
  const bytes = await gather(hashing, io);
  return { checksums: digestsOf(hashing, bytes), open: async () => bytes };
}

async function lent(hashing: Hashing, read: NonNullable<Source['bytes']>, buffer: Uint8Array, io: Io) {
  const bytes = await read(io.signal, buffer);
  const open = async (sending: Io) => counted(slicesOf(bytes), sending);
  return { checksums: digestsOf(hashing, bytes), open };
}

async function replayed(hashing: Hashing, io: Io): Promise<HashedBody> {
  const { source } = hashing;
  const open = async (sending: Io) => counted(await source.open(0, sending.signal), sending);
  return { checksums: await readThrough(hashing, io), open };
}

/**
 * Gives the bytes of a replayable source to `use`, with their digests. Small ones are held in memory, others in a lent
 * buffer; while none is free they are read twice: once to hash them, once to send them. The buffer is given back when
 * `use` ends: nothing of the body may be sent after that.
 * @throws Failure changed (more or fewer bytes than announced), corrupt (not the digest announced)
 */
export async function withHashedBody<T>(
  hashing: Hashing,
  lender: BufferLender,
  io: Io,
  use: (body: HashedBody) => Promise<T>,
): Promise<T> {
  const { source, size } = hashing;
  if (size <= HELD_BYTES) return use(await held(hashing, io));
  const { bytes: read } = source;
  const buffer = read && lender.take(size);
  if (!buffer) return use(await replayed(hashing, io));
  try {
    return await use(await lent(hashing, read, buffer, io));
  } finally {
    lender.giveBack(buffer);
  }
}
