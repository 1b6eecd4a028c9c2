import { Readable } from 'node:stream';
import { digestAmong } from '../../../core/checksum.ts';
import { Failure } from '../../../core/failure.ts';
import type { Tally } from '../../../core/hash.ts';
import type { Io } from '../../../core/io.ts';
import { confirmDigests, tallyOf, wrongSize } from '../../announced.ts';
import type { Source } from '../../store.ts';

/** The bytes of a source with what is known of them before they are sent. */
export interface Content {
  /** Bytes. */
  readonly length: number;
  /** CRC32C in hex; of bytes that are read only once it is known after they were sent. */
  crc32c(): string | undefined;
  readonly replayable: boolean;
  /** The bytes in chunks; what they are is confirmed before the last one is given. */
  chunks(io: Io): AsyncIterable<Uint8Array>;
}

/** Sources up to this size are held in memory, in bytes; larger ones are read twice: once for the digest, once to send. */
const HELD_BYTES = 1024 * 1024;

/** Reads a source, failing at its end when it is not what was announced. */
async function* checked(source: Source, size: number, tally: Tally, io: Io): AsyncGenerator<Uint8Array> {
  for await (const chunk of (await source.open(0, io.signal)) as AsyncIterable<Uint8Array>) {
    tally.add(chunk);
    if (tally.bytes > size) throw wrongSize(tally.bytes, size);
    yield chunk;
  }
  if (tally.bytes !== size) throw wrongSize(tally.bytes, size);
}

async function* counted(chunks: AsyncIterable<Uint8Array>, io: Io): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) {
    yield chunk;
    io.progress?.(chunk.byteLength);
  }
}

/** Reads a source to its end and confirms it; `look` sees each chunk. */
async function readThrough(
  source: Source,
  size: number,
  io: Io,
  look?: (chunk: Uint8Array) => void,
): Promise<string | undefined> {
  const tally = tallyOf(['crc32c'], source.checksums);
  for await (const chunk of checked(source, size, tally, io)) look?.(chunk);
  const found = tally.checksums();
  confirmDigests(source.checksums, found);
  return digestAmong(found, 'crc32c');
}

function passing(source: Source, size: number): Content {
  let crc32c: string | undefined;
  const confirmed = async function* (io: Io): AsyncGenerator<Uint8Array> {
    const tally = tallyOf(['crc32c'], source.checksums);
    yield* checked(source, size, tally, io);
    const found = tally.checksums();
    confirmDigests(source.checksums, found);
    crc32c = digestAmong(found, 'crc32c');
  };
  return {
    length: size,
    crc32c: () => crc32c,
    replayable: false,
    chunks: (io) => counted(confirmed(io), io),
  };
}

/**
 * Prepares a source for one upload.
 * @throws Failure changed (more or fewer bytes than announced), corrupt (not the digest announced), unsupported (no size)
 */
export async function contentOf(source: Source, io: Io): Promise<Content> {
  const { size } = source;
  if (size === undefined) {
    throw new Failure({
      kind: 'unsupported',
      message: 'Google Cloud Storage needs to know the size of an object before it is sent at once',
      subject: 'source',
      hint: 'send it in parts',
    });
  }
  if (size > HELD_BYTES && !source.replayable) return passing(source, size);
  const held: Uint8Array[] = [];
  const keep = size <= HELD_BYTES;
  const crc32c = await readThrough(source, size, io, keep ? (chunk) => held.push(chunk) : undefined);
  const again = async function* (sending: Io): AsyncGenerator<Uint8Array> {
    if (keep) yield* held;
    else yield* (await source.open(0, sending.signal)) as AsyncIterable<Uint8Array>;
  };
  return {
    length: size,
    crc32c: () => crc32c,
    replayable: true,
    chunks: (sending) => counted(again(sending), sending),
  };
}

/** Chunks as a stream of bytes; destroying it ends them. */
export function streamOf(chunks: AsyncIterable<Uint8Array>): Readable {
  return Readable.from(chunks, { objectMode: false });
}
