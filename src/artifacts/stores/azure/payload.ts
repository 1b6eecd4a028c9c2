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
  /** The digests of the bytes that were sent; none before. */
  sent(): readonly Checksum[];
  open(io: Io): Promise<Uint8Array | Readable>;
}

/** Bodies up to this size are held in memory, in bytes; larger ones are read twice: once for the digest, once to send. */
const HELD_BYTES = 1024 * 1024;

type Algorithm = Checksum['algorithm'];

/** The whole-object digest by an algorithm among checksums, in lower-case hex. */
export function digestAmong(checksums: readonly Checksum[], algorithm: Algorithm): string | undefined {
  return checksums
    .find((each) => each.algorithm === algorithm && each.scope === 'whole')
    ?.value.toLowerCase();
}

function wrongSize(found: number, announced: number): Failure {
  return new Failure({
    kind: 'changed',
    message: `the bytes to send are ${found}, not ${announced} as announced`,
    subject: 'source',
    hint: 'log the file again when nothing writes to it any more',
  });
}

/** A source that is to be sent, and what it is hashed by. */
interface Sending {
  readonly source: Source;
  /** Bytes. */
  readonly size: number;
  readonly algorithms: readonly Algorithm[];
}

function tallyFor({ source, algorithms }: Sending): Tally {
  const announced = source.checksums
    .filter(({ scope }) => scope === 'whole')
    .map(({ algorithm }) => algorithm);
  return createTally([...algorithms, ...announced]);
}

/** @throws Failure changed (more or fewer bytes than announced), corrupt (not the digests announced) */
function confirm({ source, size }: Sending, tally: Tally): readonly Checksum[] {
  if (tally.bytes !== size) throw wrongSize(tally.bytes, size);
  const found = tally.checksums();
  for (const { algorithm, value, scope } of source.checksums) {
    const digest = digestAmong(found, algorithm);
    if (scope !== 'whole' || digest === undefined || digest === value.toLowerCase()) continue;
    throw new Failure({
      kind: 'corrupt',
      message: `the bytes have ${algorithm} ${digest}, not ${value} as announced`,
      subject: algorithm,
    });
  }
  return found;
}

/** Reads a source to its end; `look` sees each chunk. Gives the digests of exactly the bytes announced. */
async function readThrough(
  sending: Sending,
  io: Io,
  look?: (chunk: Uint8Array) => void,
): Promise<readonly Checksum[]> {
  const { source, size } = sending;
  const tally = tallyFor(sending);
  for await (const chunk of (await source.open(0, io.signal)) as AsyncIterable<Uint8Array>) {
    tally.add(chunk);
    if (tally.bytes > size) throw wrongSize(tally.bytes, size);
    look?.(chunk);
  }
  return confirm(sending, tally);
}

async function held(sending: Sending, io: Io): Promise<Payload> {
  const chunks: Uint8Array[] = [];
  const digests = await readThrough(sending, io, (chunk) => chunks.push(chunk));
  const bytes = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks);
  return { ...knownBefore(sending, digests), open: async () => bytes };
}

function knownBefore({ size }: Sending, digests: readonly Checksum[]): Omit<Payload, 'open'> {
  const md5 = digestAmong(digests, 'md5');
  return { length: size, ...(md5 === undefined ? {} : { md5 }), sent: () => digests };
}

async function* reported(stream: Readable, io: Io): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream as AsyncIterable<Uint8Array>) {
    yield chunk;
    io.progress?.(chunk.byteLength);
  }
}

async function replayed(sending: Sending, io: Io): Promise<Payload> {
  const digests = await readThrough(sending, io);
  const open = async (asked: Io) =>
    Readable.from(reported(await sending.source.open(0, asked.signal), asked), { objectMode: false });
  return { ...knownBefore(sending, digests), open };
}

/** The last chunk is given only when all before it is what was announced: a body that lacks it publishes nothing. */
async function* checked(
  sending: Sending,
  io: Io,
  done: (digests: readonly Checksum[]) => void,
): AsyncGenerator<Uint8Array> {
  const { source, size } = sending;
  const tally = tallyFor(sending);
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
  done(confirm(sending, tally));
  if (last === undefined) return;
  yield last;
  io.progress?.(last.byteLength);
}

/** Bytes that exist only once are hashed while they pass; the MD5 that the service computed is compared afterwards. */
function passing(sending: Sending): Payload {
  const announced = digestAmong(sending.source.checksums, 'md5');
  let sent: readonly Checksum[] = [];
  return {
    length: sending.size,
    ...(announced === undefined ? {} : { md5: announced }),
    sent: () => sent,
    open: async (io) =>
      Readable.from(
        checked(sending, io, (digests) => (sent = digests)),
        { objectMode: false },
      ),
  };
}

/**
 * A source as a request body. The service gets its MD5 before it keeps the bytes, except of a large source that can be
 * read only once. `also` are algorithms by which the bytes are hashed besides.
 * @throws Failure changed (more or fewer bytes than announced), corrupt (not the digest announced), unsupported (no size)
 */
export async function payloadOf(source: Source, io: Io, also: readonly Algorithm[] = []): Promise<Payload> {
  const { size } = source;
  if (size === undefined) {
    throw new Failure({
      kind: 'unsupported',
      message: 'Azure needs to know the size of a blob before it is sent',
      subject: 'source',
      hint: 'send it in parts',
    });
  }
  const sending = { source, size, algorithms: ['md5', ...also] as const };
  if (size <= HELD_BYTES) return held(sending, io);
  return source.replayable ? replayed(sending, io) : passing(sending);
}
