import { Readable, Writable } from 'node:stream';
import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { asFailure, Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { ArtifactStore, Body } from '../../store.ts';
import type { Connection } from './connection.ts';
import { isRefusal, refusal } from './failures.ts';
import { lookAt } from './look.ts';
import { isHidden } from './names.ts';
import type { Lease } from './pool.ts';
import { serverPath, subjectAt, type Root } from './root.ts';

/**
 * Opens a file from an offset to its end (REST, RFC 3659 section 5). The connection belongs to the body until it ends;
 * a body that is left early takes its connection with it. It ends only when the server says that all was sent.
 * @throws Failure not-found, wrong-kind, denied, invalid (start beyond the end)
 */
export async function readFile(
  root: Root,
  path: ArtifactPath,
  { start = 0, version }: Parameters<ArtifactStore['read']>[1],
  io: Io,
): Promise<Body> {
  const subject = subjectAt(root, path);
  if (version)
    throw refusal('unsupported', `reading a version of ${subject}: FTP servers tell none`, subject);
  if (isHidden(path)) throw refusal('not-found', `${subject} does not exist`, subject);
  const lease = await root.pool.take(io);
  try {
    const target = serverPath(root, path);
    const size = await sizeOf(lease.connection, target, subject);
    if (start > 0 && start >= size) {
      throw refusal('invalid', `${subject} has ${size} bytes, none at ${start}`, subject);
    }
    const stream = new FtpBody(lease, { target, start, subject, length: size - start });
    await stream.begin();
    return { entry: { path, kind: 'file', size, checksums: [] }, start, length: size - start, stream };
  } catch (thrown) {
    lease.release();
    throw thrown;
  }
}

/** Bytes of a file, links followed. @throws Failure not-found, wrong-kind, denied */
export async function sizeOf(connection: Connection, target: string, subject: string): Promise<number> {
  try {
    const { message } = await connection.client.send(`SIZE ${target}`);
    const size = Number(/^213 (\d+)/.exec(message)?.[1]);
    if (Number.isSafeInteger(size)) return size;
  } catch (thrown) {
    if (!isRefusal(thrown)) throw connection.failure(thrown, { doing: 'reading', subject });
  }
  return sizeListed(connection, target, subject);
}

/** SIZE is refused for what is absent, denied or no file alike, and not known to every server. */
async function sizeListed(connection: Connection, target: string, subject: string): Promise<number> {
  const found = await lookAt(connection, target, subject);
  if (!found) throw refusal('not-found', `${subject} does not exist`, subject);
  if (found.kind === 'directory') throw refusal('wrong-kind', `${subject} is a directory`, subject);
  if (found.size === undefined) {
    throw refusal('denied', `reading ${subject} failed: the server refuses it`, subject);
  }
  return found.size;
}

interface Part {
  readonly target: string;
  readonly start: number;
  readonly subject: string;
  /** Bytes, as the server told before. */
  readonly length: number;
}

/** FTP marks the end of a file by closing its connection, so that only the number of bytes tells an end from a cut. */
function otherLength(received: number, { subject, length }: Part): Failure {
  const message = `reading ${subject} gave ${received} bytes where the server told of ${length}`;
  return new Failure({ kind: 'unavailable', message, subject, retry: 'later' });
}

/** A body as the server sends it. */
class FtpBody extends Readable {
  readonly #lease: Lease;
  readonly #part: Part;
  #resume: (() => void) | undefined;
  #over = false;
  #received = 0;

  constructor(lease: Lease, part: Part) {
    super({ highWaterMark: 256 * 1024 });
    this.#lease = lease;
    this.#part = part;
  }

  /** Asks for the bytes; settles with the first of them, or when there are none. */
  async begin(): Promise<void> {
    const { connection } = this.#lease;
    const { target, start, subject, length } = this.#part;
    await new Promise<void>((resolve, reject) => {
      const sink = new Writable({
        write: (chunk: Buffer, _encoding, done) => {
          resolve();
          this.#received += chunk.byteLength;
          if (this.push(chunk)) done();
          else this.#resume = done;
        },
      });
      connection.flow = 'down';
      connection.client.downloadTo(sink, target, start).then(
        () => {
          this.#end();
          if (this.#received === length) this.push(null);
          else this.destroy(otherLength(this.#received, this.#part));
          resolve();
        },
        (thrown: unknown) => {
          const failure = connection.failure(thrown, { doing: 'reading', subject });
          this.#end();
          reject(failure);
          this.destroy(failure);
        },
      );
      // Who waits for `begin` is told by it, and nobody listens to the stream yet.
      this.once('error', reject);
    });
  }

  /** The server is done with this: the connection is free although not every byte may have been read here. */
  #end(): void {
    this.#over = true;
    this.#lease.release();
  }

  override _read(): void {
    const resume = this.#resume;
    this.#resume = undefined;
    resume?.();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    const { connection } = this.#lease;
    if (!this.#over) {
      connection.end(asFailure(error ?? new DOMException('left early', 'AbortError'), this.#part.subject));
      this.#end();
    }
    done(error);
  }
}
