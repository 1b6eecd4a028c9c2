import { Readable } from 'node:stream';
import type { BufferLender } from '../../../core/buffer-lender.ts';
import { digestAmong } from '../../../core/checksum.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import { HELD_BYTES, passingBody, withHashedBody, type Hashing } from '../../hashed-body.ts';
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

function passing(hashing: Hashing): Content {
  const { checksums, open } = passingBody(hashing);
  return {
    length: hashing.size,
    crc32c: () => digestAmong(checksums(), 'crc32c'),
    replayable: false,
    chunks: (io) => open(io) as AsyncIterable<Uint8Array>,
  };
}

/**
 * Gives a source as the content of one upload to `use`. Nothing of it may be sent once `use` ended.
 * @throws Failure changed (more or fewer bytes than announced), corrupt (not the digest announced), unsupported (no size)
 */
export async function withContent<T>(
  source: Source,
  lender: BufferLender,
  io: Io,
  use: (content: Content) => Promise<T>,
): Promise<T> {
  const { size } = source;
  if (size === undefined) {
    throw new Failure({
      kind: 'unsupported',
      message: 'Google Cloud Storage needs to know the size of an object before it is sent at once',
      subject: 'source',
      hint: 'send it in parts',
    });
  }
  const hashing = { source, size, algorithms: ['crc32c'] } as const;
  if (size > HELD_BYTES && !source.replayable) return use(passing(hashing));
  return withHashedBody(hashing, lender, io, async ({ checksums, open }) => {
    const chunks = async function* (sending: Io): AsyncGenerator<Uint8Array> {
      const body = await open(sending);
      if (body instanceof Readable) {
        yield* body as AsyncIterable<Uint8Array>;
        return;
      }
      yield body;
      sending.progress?.(body.byteLength);
    };
    return use({ length: size, crc32c: () => digestAmong(checksums, 'crc32c'), replayable: true, chunks });
  });
}

/** Chunks as a stream of bytes; destroying it ends them. */
export function streamOf(chunks: AsyncIterable<Uint8Array>): Readable {
  return Readable.from(chunks, { objectMode: false });
}
