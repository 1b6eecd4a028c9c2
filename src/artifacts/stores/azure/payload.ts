import { Readable } from 'node:stream';
import type { Checksum } from '../../../core/checksum.ts';
import { Failure } from '../../../core/failure.ts';
import { createTally, type Tally } from '../../../core/hash.ts';
import type { Io } from '../../../core/io.ts';
import type { Source } from '../../store.ts';

/** The body of a request, with what proves it. */
export interface Payload {
  /** Bytes. */
  readonly length: number;
  /** The MD5 that travels with the body, in hex; absent when it is known only after the body was sent. */
  readonly md5?: string;
  /** The MD5 of the bytes that were sent, in hex. */
  sent(): string | undefined;
  open(io: Io): Promise<Uint8Array | Readable>;
}

/** Bodies up to this size are held in memory, in bytes; larger ones are read twice: once for the digest, once to send. */
const HELD_BYTES = 1024 * 1024;

function wholeOf(checksums: readonly Checksum[], algorithm: Checksum['algorithm']): string | undefined {
  return checksums.find((each) => each.algorithm === algorithm && each.scope === 'whole')?.value;
}

/** The whole-object MD5 among checksums, in hex. */
export function md5Among(checksums: readonly Checksum[]): string | undefined {
  return wholeOf(checksums, 'md5')?.toLowerCase();
}

function wrongSize(found: number, announced: number): Failure {
  return new Failure({
    kind: 'changed',
    message: `the bytes to send are ${found}, not ${announced} as announced`,
    subject: 'source',
    hint: 'log the file again when nothing writes to it any more',
  });
}

function tallyFor(source: Source): Tally {
  const announced = source.checksums
    .filter(({ scope }) => scope === 'whole')
    .map(({ algorithm }) => algorithm);
  return createTally(['md5', ...announced]);
}

/** @throws Failure changed (more or fewer bytes than announced), corrupt (not the digests announced) */
function confirm(source: Source, size: number, tally: Tally): string {
  if (tally.bytes !== size) throw wrongSize(tally.bytes, size);
  const found = tally.checksums();
  for (const { algorithm, value, scope } of source.checksums) {
    const digest = wholeOf(found, algorithm);
    if (scope !== 'whole' || digest === undefined || digest === value.toLowerCase()) continue;
    throw new Failure({
      kind: 'corrupt',
      message: `the bytes have ${algorithm} ${digest}, not ${value} as announced`,
      subject: algorithm,
    });
  }
  return md5Among(found) ?? '';
}

/** Reads a source to its end; `look` sees each chunk. Gives the MD5 of exactly the bytes announced. */
async function readThrough(
  source: Source,
  size: number,
  io: Io,
  look?: (chunk: Uint8Array) => void,
): Promise<string> {
  const tally = tallyFor(source);
  for await (const chunk of (await source.open(0, io.signal)) as AsyncIterable<Uint8Array>) {
    tally.add(chunk);
    if (tally.bytes > size) throw wrongSize(tally.bytes, size);
    look?.(chunk);
  }
  return confirm(source, size, tally);
}

async function held(source: Source, size: number, io: Io): Promise<Payload> {
  const chunks: Uint8Array[] = [];
  const md5 = await readThrough(source, size, io, (chunk) => chunks.push(chunk));
  const bytes = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
  return { length: size, md5, sent: () => md5, open: async () => bytes };
}

async function* reported(stream: Readable, io: Io): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    yield chunk;
    io.progress?.(chunk.byteLength);
  }
}

async function replayed(source: Source, size: number, io: Io): Promise<Payload> {
  const md5 = await readThrough(source, size, io);
  const open = async (sending: Io) =>
    Readable.from(reported(await source.open(0, sending.signal), sending), { objectMode: false });
  return { length: size, md5, sent: () => md5, open };
}

/** The last chunk is given only when all before it is what was announced: a body that lacks it publishes nothing. */
async function* checked(
  source: Source,
  size: number,
  io: Io,
  done: (md5: string) => void,
): AsyncGenerator<Uint8Array> {
  const tally = tallyFor(source);
  let last: Uint8Array | undefined;
  for await (const chunk of (await source.open(0, io.signal)) as AsyncIterable<Uint8Array>) {
    if (last !== undefined) {
      yield last;
      io.progress?.(last.byteLength);
    }
    last = chunk;
    tally.add(chunk);
    if (tally.bytes > size) throw wrongSize(tally.bytes, size);
  }
  done(confirm(source, size, tally));
  if (last === undefined) return;
  yield last;
  io.progress?.(last.byteLength);
}

/** Bytes that exist only once are hashed while they pass; the MD5 that the service computed is compared afterwards. */
function passing(source: Source, size: number): Payload {
  const announced = md5Among(source.checksums);
  let sent: string | undefined;
  return {
    length: size,
    ...(announced === undefined ? {} : { md5: announced }),
    sent: () => sent,
    open: async (io) =>
      Readable.from(
        checked(source, size, io, (md5) => (sent = md5)),
        { objectMode: false },
      ),
  };
}

/**
 * A source as a request body. The service gets its MD5 before it keeps the bytes, except of a large source that can be
 * read only once.
 * @throws Failure changed (more or fewer bytes than announced), corrupt (not the digest announced), unsupported (no size)
 */
export async function payloadOf(source: Source, io: Io): Promise<Payload> {
  const { size } = source;
  if (size === undefined) {
    throw new Failure({
      kind: 'unsupported',
      message: 'Azure needs to know the size of a blob before it is sent',
      subject: 'source',
      hint: 'send it in parts',
    });
  }
  if (size <= HELD_BYTES) return held(source, size, io);
  return source.replayable ? replayed(source, size, io) : passing(source, size);
}
