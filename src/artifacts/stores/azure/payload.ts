import type { Readable } from 'node:stream';
import type { BufferLender } from '../../../core/buffer-lender.ts';
import { digestAmong, type Checksum } from '../../../core/checksum.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import { HELD_BYTES, passingBody, withHashedBody, type Hashing } from '../../hashed-body.ts';
import type { Source } from '../../store.ts';

/** The body of a request, with what proves it. */
export interface Payload {
  /** Bytes. */
  readonly length: number;
  /** The MD5 that travels with the body, in hex; absent when it is known only after the body was sent. */
  readonly md5?: string;
  /** The digests of the bytes that were sent; none before. */
  sent(): readonly Checksum[];
  open(io: Io): Promise<Uint8Array | Readable>;
}

/** How a source becomes a body. */
export interface PayloadRules {
  /** By which the bytes are hashed besides MD5. */
  readonly also?: readonly Checksum['algorithm'][];
  readonly lender: BufferLender;
}

/** Bytes that exist only once are hashed while they pass; the MD5 that the service computed is compared afterwards. */
function passing(hashing: Hashing): Payload {
  const { checksums, open } = passingBody(hashing);
  return {
    length: hashing.size,
    ...withMd5(digestAmong(hashing.source.checksums, 'md5')),
    sent: checksums,
    open: async (io) => open(io),
  };
}

function withMd5(md5: string | undefined): Pick<Payload, 'md5'> {
  return md5 === undefined ? {} : { md5 };
}

/**
 * Gives a source as a request body to `use`. The service gets its MD5 before it keeps the bytes, except of a large source
 * that can be read only once. Nothing of the body may be sent once `use` ended.
 * @throws Failure changed (more or fewer bytes than announced), corrupt (not the digest announced), unsupported (no size)
 */
export async function withPayload<T>(
  source: Source,
  { also = [], lender }: PayloadRules,
  io: Io,
  use: (payload: Payload) => Promise<T>,
): Promise<T> {
  const { size } = source;
  if (size === undefined) {
    throw new Failure({
      kind: 'unsupported',
      message: 'Azure needs to know the size of a blob before it is sent',
      subject: 'source',
      hint: 'send it in parts',
    });
  }
  const hashing = { source, size, algorithms: ['md5', ...also] } as const;
  if (!source.replayable && size > HELD_BYTES) return use(passing(hashing));
  return withHashedBody(hashing, lender, io, async ({ checksums, open }) =>
    use({ length: size, ...withMd5(digestAmong(checksums, 'md5')), sent: () => checksums, open }),
  );
}
