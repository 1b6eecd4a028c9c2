import type { Readable } from 'node:stream';
import { addAbortSignal } from 'node:stream';
import type { ArtifactReader } from '../../artifacts/reader.ts';
import { fileSource, type FileIdentity } from '../../artifacts/sources.ts';
import type { Entry } from '../../artifacts/store.ts';
import type { Under } from '../../core/artifact-path.ts';
import type { Checksum } from '../../core/checksum.ts';
import { asFailure, Failure } from '../../core/failure.ts';
import { createDigest } from '../../core/hash.ts';
import type { Io } from '../../core/io.ts';
import type { Pace } from '../run/pace.ts';
import { wholeChecksum } from '../run/place-file.ts';

/** Both sides of one file, of one size as far as that is known. */
export interface Contents {
  readonly reader: ArtifactReader;
  /** What the reader calls it. */
  readonly path: Under;
  readonly entry: Entry;
  readonly identity: FileIdentity;
  readonly pace?: Pace | undefined;
}

/** What the bytes of both sides are. */
export interface Compared {
  readonly there: Checksum;
  readonly here: Checksum;
  /** At the store, in bytes. */
  readonly bytes: number;
}

/** What both sides are hashed by where the store knows no checksum: native, and no two files share it by accident. */
const OURS = 'sha256';
/** From this size on, in bytes, a body that comes with a checksum of the whole is not read to its end. */
const LARGE = 1024 * 1024;

/**
 * Hashes both sides; the local one alone where the store knows a checksum of the whole, by its listing or, for large
 * files, by what it says when a read begins. What was read and differs is read once more.
 * @throws Failure of the side that cannot be read; changed, when the local file changes meanwhile
 */
export async function compareContent(contents: Contents, io: Io): Promise<Compared> {
  const { entry, identity } = contents;
  const known = wholeChecksum(entry);
  if (known)
    return { there: known, here: await hashHere(identity, known.algorithm, io), bytes: identity.size };
  const { wasRead, ...theirs } = await hashThere(contents, io);
  const here = await hashHere(identity, theirs.there.algorithm, wasRead ? silent(io) : io);
  if (!wasRead || theirs.there.value === here.value) return { ...theirs, here };
  // The bytes may have been others on their way alone.
  const { there, bytes } = await hashThere(contents, silent(io));
  return { there, here, bytes };
}

function silent({ signal, trace }: Io): Io {
  return { signal, ...(trace ? { trace } : {}) };
}

async function hashThere(
  { reader, path, pace }: Contents,
  io: Io,
): Promise<Omit<Compared, 'here'> & { readonly wasRead: boolean }> {
  const body = await reader.read(path, {}, silent(io));
  // A stream may break before anybody iterates over it; the iteration still sees that.
  body.stream.once('error', () => undefined);
  const { size } = body.entry;
  const told = wholeChecksum(body.entry);
  if (told && size !== undefined && size >= LARGE) {
    body.stream.destroy();
    return { there: told, bytes: size, wasRead: false };
  }
  const hashed = await hash(body.stream, { algorithm: OURS, pace, subject: path }, io);
  return { there: hashed.checksum, bytes: hashed.bytes, wasRead: true };
}

async function hashHere(identity: FileIdentity, algorithm: Checksum['algorithm'], io: Io): Promise<Checksum> {
  const stream = await fileSource(identity, {}).open(0, io.signal);
  try {
    return (await hash(stream, { algorithm, subject: identity.file }, io)).checksum;
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.kind !== 'changed') throw thrown;
    throw thrown.with({ hint: 'verify it again when nothing writes to it any more' });
  }
}

async function hash(
  stream: Readable,
  how: {
    readonly algorithm: Checksum['algorithm'];
    readonly pace?: Pace | undefined;
    readonly subject: string;
  },
  io: Io,
): Promise<{ readonly checksum: Checksum; readonly bytes: number }> {
  const { algorithm, pace, subject } = how;
  const digest = createDigest(algorithm);
  let bytes = 0;
  try {
    for await (const chunk of addAbortSignal(io.signal, stream) as AsyncIterable<Buffer>) {
      const release = await pace?.turn(chunk.byteLength, io.signal);
      digest.update(chunk);
      release?.();
      pace?.passed(chunk.byteLength);
      bytes += chunk.byteLength;
      io.progress?.(chunk.byteLength);
    }
  } catch (thrown) {
    throw io.signal.aborted ? asFailure(io.signal.reason, subject) : broken(thrown, subject);
  }
  return { checksum: { algorithm, value: digest.hex(), scope: 'whole' }, bytes };
}

function broken(thrown: unknown, subject: string): Failure {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined;
  if (thrown instanceof Failure || code === undefined) return asFailure(thrown, subject);
  const message = `reading ${subject} broke off (${code})`;
  return new Failure({ kind: 'unavailable', message, subject, vendor: { code } }, thrown);
}
