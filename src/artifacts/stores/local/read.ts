import { constants, type BigIntStats } from 'node:fs';
import { Readable } from 'node:stream';
import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { descriptors } from '../../../core/descriptors.ts';
import { Failure } from '../../../core/failure.ts';
import { MOST_HELD } from '../../../core/held-bytes.ts';
import { HeldBody } from '../../bodies.ts';
import type { ArtifactStore, Body } from '../../store.ts';
import { entryOf, kindOf, versionOf } from './entries.ts';
import { localFailure } from './failures.ts';
import { isHidden } from './names.ts';
import type { Root } from './root.ts';

const CHUNK_BYTES = 512 * 1024;
/** The path was resolved already; a pipe must not block. */
const FLAGS = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** Opens a file; a link is followed when its target is inside the root, as MLflow does. */
export async function readFile(
  root: Root,
  path: ArtifactPath,
  ask: Parameters<ArtifactStore['read']>[1],
): Promise<Body> {
  const subject = root.subject(path);
  const file = isHidden(path) ? undefined : await root.realOf(path);
  if (file === undefined)
    throw new Failure({ kind: 'not-found', message: `${subject} does not exist`, subject });
  const fd = await descriptors.open(file, FLAGS).catch((thrown: unknown) => {
    throw localFailure(thrown, 'opening', subject);
  });
  let isOurs = true;
  try {
    const part = partOf(fd, subject, descriptors.fstat(fd, { bigint: true }), ask);
    const { start, end, stats } = part;
    isOurs = end - start <= MOST_HELD;
    const about = { entry: entryOf(path, stats), start, length: end - start };
    return isOurs ? new HeldBody(about, await readAtOnce(part)) : { ...about, stream: new FileStream(part) };
  } catch (thrown) {
    throw localFailure(thrown, 'reading', subject);
  } finally {
    if (isOurs) descriptors.close(fd);
  }
}

/** Bytes `[start, end)` of an open file, which must be the same version after the last byte. */
interface FilePart {
  readonly fd: number;
  readonly subject: string;
  readonly stats: BigIntStats;
  readonly start: number;
  readonly end: number;
}

function partOf(
  fd: number,
  subject: string,
  stats: BigIntStats,
  { start = 0, length = Infinity, version }: Parameters<ArtifactStore['read']>[1],
): FilePart {
  const kind = kindOf(stats);
  if (kind !== 'file') {
    const what = kind === 'directory' ? 'a directory' : 'not a file';
    throw new Failure({ kind: 'wrong-kind', message: `${subject} is ${what}`, subject });
  }
  const size = Number(stats.size);
  if (version && version.id !== versionOf(stats).id) throw changed(subject);
  if (start > 0 && start >= size) {
    throw new Failure({
      kind: 'invalid',
      message: `${subject} has ${size} bytes, none at ${start}`,
      subject,
    });
  }
  return { fd, subject, stats, start, end: Math.min(size, start + length) };
}

/** Small bodies cost less when they are read before anybody asks for them. */
async function readAtOnce(part: FilePart): Promise<Buffer> {
  const { fd, start, end, subject } = part;
  const bytes = Buffer.allocUnsafe(end - start);
  for (let at = 0; at < bytes.byteLength;) {
    const { bytesRead } = await descriptors.read(fd, bytes, at, bytes.byteLength - at, start + at);
    if (bytesRead === 0) throw changed(subject);
    at += bytesRead;
  }
  confirm(part);
  return bytes;
}

/** @throws Failure changed */
function confirm({ fd, stats, subject }: FilePart): void {
  const now = versionOf(descriptors.fstat(fd, { bigint: true }));
  if (now.id !== versionOf(stats).id) throw changed(subject);
}

function changed(subject: string): Failure {
  return new Failure({
    kind: 'changed',
    message: `${subject} is no longer the file that it was`,
    hint: 'run it again when nothing writes to it any more',
    subject,
  });
}

/** Gives a part of a file while it is read, and closes the file. */
class FileStream extends Readable {
  readonly #part: FilePart;
  #offset: number;

  constructor(part: FilePart) {
    super({ highWaterMark: CHUNK_BYTES });
    this.#part = part;
    this.#offset = part.start;
  }

  override _read(): void {
    this.#next().then(
      (chunk) => this.push(chunk),
      (thrown: unknown) => this.destroy(localFailure(thrown, 'reading', this.#part.subject)),
    );
  }

  async #next(): Promise<Buffer | null> {
    const { fd, end, subject } = this.#part;
    const wanted = Math.min(CHUNK_BYTES, end - this.#offset);
    if (wanted === 0) {
      confirm(this.#part);
      return null;
    }
    const { bytesRead, buffer } = await descriptors.read(
      fd,
      Buffer.allocUnsafe(wanted),
      0,
      wanted,
      this.#offset,
    );
    if (bytesRead === 0) throw changed(subject);
    this.#offset += bytesRead;
    return buffer.subarray(0, bytesRead);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    try {
      descriptors.close(this.#part.fd);
      done(error);
    } catch (thrown) {
      done(error ?? localFailure(thrown, 'closing', this.#part.subject));
    }
  }
}
