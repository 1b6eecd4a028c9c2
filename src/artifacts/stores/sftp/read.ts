import { setMaxListeners } from 'node:events';
import { Readable } from 'node:stream';
import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { ArtifactStore, Body } from '../../store.ts';
import { entryOf, kindOf, type Attributes } from './entries.ts';
import { sftpFailure } from './failures.ts';
import { isHidden } from './names.ts';
import type { Lease } from './pool.ts';
import { closeHandle, fileAt, followTo, subjectOf, type Root } from './root.ts';
import type { Session } from './session.ts';

/** What every server gives in one answer (draft-ietf-secsh-filexfer-02, section 3: packets of 34000 bytes). */
const CHUNK_BYTES = 32 * 1024;
/** Requests on the way for one body: 1 MiB, so that 100 ms to the server still allow 10 MiB/s. */
const AHEAD = 32;

type Ask = Parameters<ArtifactStore['read']>[1];

/** Opens a file; a link is followed by the server, as with MLflow. The session is in use until the body is closed. */
export async function readFile(root: Root, path: ArtifactPath, ask: Ask, io: Io): Promise<Body> {
  const subject = subjectOf(root, path);
  if (ask.version) throw unversioned(subject);
  if (isHidden(path)) throw absent(subject);
  const lease = await root.pool.lease(io.signal);
  try {
    return await openBody(lease, root, path, ask, io);
  } catch (thrown) {
    lease.release();
    throw sftpFailure(thrown, 'reading', subject);
  }
}

/** Entries of this store carry no version, so a version asked for is another store's. */
export function unversioned(subject: string): Failure {
  return new Failure({
    kind: 'unsupported',
    message: `${subject} cannot be pinned to a version: SFTP tells none`,
    subject,
  });
}

function absent(subject: string): Failure {
  return new Failure({ kind: 'not-found', message: `${subject} does not exist`, subject });
}

async function openBody(
  lease: Lease,
  root: Root,
  path: ArtifactPath,
  { start = 0, length = Infinity }: Ask,
  io: Io,
): Promise<Body> {
  const { session } = lease;
  const subject = subjectOf(root, path);
  const file = fileAt(root, path);
  // Looked at first: opening a pipe would make the server wait.
  const found = await followTo(session, file, io);
  if (!found) throw absent(subject);
  const kind = kindOf(found);
  if (kind !== 'file') {
    const what = kind === 'directory' ? 'a directory' : 'not a file';
    throw new Failure({ kind: 'wrong-kind', message: `${subject} is ${what}`, subject });
  }
  const handle = await session.ask<Buffer>(io.signal, (sftp, done) => sftp.open(file, 'r', done));
  try {
    const now = await session.ask<Attributes>(io.signal, (sftp, done) => sftp.fstat(handle, done));
    const size = now.size ?? 0;
    if (start > 0 && start >= size) {
      const message = `${subject} has ${size} bytes, none at ${start}`;
      throw new Failure({ kind: 'invalid', message, subject });
    }
    const end = Math.min(size, start + length);
    const stream = new RemoteStream({ lease, handle, subject, opened: now, start, end });
    return { entry: entryOf(path, now), start, length: end - start, stream };
  } catch (thrown) {
    void closeHandle(session, handle);
    throw thrown;
  }
}

interface Part {
  readonly lease: Lease;
  readonly handle: Buffer;
  readonly subject: string;
  readonly opened: Attributes;
  readonly start: number;
  readonly end: number;
}

/**
 * Bytes `[start, end)` of an open file, asked for ahead. The file must have the same size and time after the last byte.
 * Closes the handle and gives the session back.
 */
class RemoteStream extends Readable {
  readonly #part: Part;
  readonly #session: Session;
  readonly #stop = new AbortController();
  readonly #ahead: Promise<Buffer>[] = [];
  #asked: number;

  constructor(part: Part) {
    super({ highWaterMark: CHUNK_BYTES * 2 });
    this.#part = part;
    this.#session = part.lease.session;
    this.#asked = part.start;
    setMaxListeners(0, this.#stop.signal);
  }

  override _read(): void {
    this.#next().then(
      (chunk) => this.push(chunk),
      (thrown: unknown) => this.destroy(sftpFailure(thrown, 'reading', this.#part.subject)),
    );
  }

  async #next(): Promise<Buffer | null> {
    while (this.#ahead.length < AHEAD && this.#asked < this.#part.end) {
      const bytes = Math.min(CHUNK_BYTES, this.#part.end - this.#asked);
      const chunk = this.#fetch(this.#asked, bytes);
      // Whoever waits for it sees the failure; one that nobody waits for is of a body that was given up.
      chunk.catch(() => undefined);
      this.#ahead.push(chunk);
      this.#asked += bytes;
    }
    const first = this.#ahead.shift();
    if (first) return first;
    await this.#confirm();
    return null;
  }

  async #fetch(position: number, bytes: number): Promise<Buffer> {
    const buffer = Buffer.allocUnsafe(bytes);
    for (let filled = 0; filled < bytes;) {
      const from = filled;
      const count = await this.#session.ask<number>(this.#stop.signal, (sftp, done) =>
        sftp.read(this.#part.handle, buffer, from, bytes - from, position + from, done),
      );
      if (count === 0) throw changed(this.#part.subject);
      filled += count;
    }
    return buffer;
  }

  async #confirm(): Promise<void> {
    const { opened, handle, subject } = this.#part;
    const now = await this.#session.ask<Attributes>(this.#stop.signal, (sftp, done) =>
      sftp.fstat(handle, done),
    );
    if (now.size !== opened.size || now.mtime !== opened.mtime) throw changed(subject);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const { lease, handle } = this.#part;
    this.#stop.abort();
    void closeHandle(lease.session, handle);
    lease.release();
    done(error);
  }
}

function changed(subject: string): Failure {
  return new Failure({
    kind: 'changed',
    message: `${subject} is no longer the file that it was`,
    hint: 'run it again when nothing writes to it any more',
    subject,
  });
}
