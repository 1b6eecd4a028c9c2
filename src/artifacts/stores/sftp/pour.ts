import { addAbortSignal } from 'node:stream';
import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import { createTally, type Tally } from '../../../core/hash.ts';
import type { Io } from '../../../core/io.ts';
import type { Source, Stored } from '../../store.ts';
import { entryOf, type Attributes } from './entries.ts';
import { SOME_FAILURE, statusOf } from './failures.ts';
import { closeHandle } from './root.ts';
import type { Session } from './session.ts';

/** What every server takes in one request. */
const CHUNK_BYTES = 32 * 1024;
/** Requests on the way for one file. */
const AHEAD = 32;

interface Into {
  readonly path: ArtifactPath;
  readonly temporary: string;
  readonly subject: string;
}

/** Writes a source into a new file and reads its size back. @throws Failure changed, corrupt, no-space */
export async function fill(session: Session, into: Into, source: Source, io: Io): Promise<Stored> {
  const { temporary, subject } = into;
  const handle = await session.ask<Buffer>(io.signal, (sftp, done) => sftp.open(temporary, 'wx', done));
  try {
    const tally = createTally(source.checksums.filter(isWhole).map(({ algorithm }) => algorithm));
    await pour(session, handle, source, tally, subject, io);
    const proven = checkSource(source, tally, subject);
    const found = await session.ask<Attributes>(io.signal, (sftp, done) => sftp.fstat(handle, done));
    if (found.size !== tally.bytes) throw lostBytes(subject, tally.bytes, found.size);
    if (session.canSync) await session.ask(io.signal, (sftp, done) => sftp.ext_openssh_fsync(handle, done));
    // The checksums are of the bytes that were sent; the server confirms their number only.
    return { entry: { ...entryOf(into.path, found), checksums: proven }, proof: 'size' };
  } catch (thrown) {
    throw statusOf(thrown) === SOME_FAILURE
      ? await whetherFull(session, temporary, subject, thrown, io)
      : thrown;
  } finally {
    const closed = closeHandle(session, handle);
    // Whoever was told to stop does not wait for a server that may be silent.
    if (!io.signal.aborted) await closed;
  }
}

const isWhole = ({ scope }: Source['checksums'][number]) => scope === 'whole';

/** Sends a stream in pieces, several at once; each carries its own offset. */
async function pour(
  session: Session,
  handle: Buffer,
  source: Source,
  tally: Tally,
  subject: string,
  io: Io,
): Promise<void> {
  const stream = addAbortSignal(io.signal, await source.open(0, io.signal));
  const sending = new Set<Promise<void>>();
  let offset = 0;
  const send = (piece: Buffer) => {
    const at = offset;
    offset += piece.byteLength;
    const sent = session
      .ask(io.signal, (sftp, done) => sftp.write(handle, piece, 0, piece.byteLength, at, done))
      .then(
        () => {
          sending.delete(sent);
          io.progress?.(piece.byteLength);
        },
        (thrown: unknown) => {
          // The source may never give another byte to learn it from.
          stream.destroy(thrown as Error);
          throw thrown;
        },
      );
    sent.catch(() => undefined);
    sending.add(sent);
  };
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    tally.add(chunk);
    if (source.size !== undefined && tally.bytes > source.size) throw otherSize(subject, source.size, 'more');
    for (let from = 0; from < chunk.byteLength; from += CHUNK_BYTES) {
      if (sending.size >= AHEAD) await Promise.race(sending);
      send(chunk.subarray(from, from + CHUNK_BYTES));
    }
  }
  await Promise.all(sending);
}

/** The checksums that were announced and are true of what was sent. */
function checkSource(source: Source, tally: Tally, subject: string): Source['checksums'] {
  if (source.size !== undefined && tally.bytes < source.size) throw otherSize(subject, source.size, 'fewer');
  const found = tally.checksums();
  for (const { algorithm, value } of source.checksums.filter(isWhole)) {
    const ours = found.find((each) => each.algorithm === algorithm)?.value;
    if (ours === value) continue;
    const message = `the bytes for ${subject} have ${algorithm} ${ours ?? 'unknown'}, announced was ${value}`;
    throw new Failure({ kind: 'corrupt', message, subject });
  }
  return found;
}

function otherSize(subject: string, size: number, how: 'more' | 'fewer'): Failure {
  return new Failure({
    kind: 'changed',
    message: `the source of ${subject} gave ${how} than the ${size} bytes announced`,
    hint: 'log it again when nothing writes to it any more',
    subject,
  });
}

function lostBytes(subject: string, sent: number, found: number | undefined): Failure {
  return new Failure({
    kind: 'corrupt',
    message: `the server holds ${found ?? 'an unknown number of'} bytes of ${subject}, ${sent} were sent`,
    subject,
    retry: 'later',
  });
}

interface Space {
  readonly f_bavail?: number;
  readonly f_ffree?: number;
  readonly f_files?: number;
}

/** A full disk has no code of its own: the file system is asked how much is left, where the server can tell. */
async function whetherFull(
  session: Session,
  temporary: string,
  subject: string,
  thrown: unknown,
  io: Io,
): Promise<unknown> {
  if (!session.canTellSpace || session.isDead) return thrown;
  const folder = temporary.slice(0, temporary.lastIndexOf('/')) || '/';
  const space = await session
    .ask<Space>(io.signal, (sftp, done) => sftp.ext_openssh_statvfs(folder, done))
    .catch(() => undefined);
  const full = space?.f_bavail === 0 || (space?.f_ffree === 0 && (space.f_files ?? 0) > 0);
  if (!full) return thrown;
  const message = `writing ${subject} failed: no space is left on the server`;
  return new Failure(
    { kind: 'no-space', message, hint: 'free some space and run it again', subject },
    thrown,
  );
}
