import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import type { ArtifactStore, Body, Version } from '../../store.ts';
import { entryOf, kindOf, versionOf } from './entries.ts';
import { localFailure } from './failures.ts';
import { isHidden } from './names.ts';
import type { Root } from './root.ts';

const CHUNK_BYTES = 256 * 1024;
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
  let handle;
  try {
    handle = await open(file, FLAGS);
  } catch (thrown) {
    throw localFailure(thrown, 'opening', subject);
  }
  try {
    return await bodyOf(handle, path, subject, ask);
  } catch (thrown) {
    await handle.close();
    throw localFailure(thrown, 'reading', subject);
  }
}

async function bodyOf(
  handle: FileHandle,
  path: ArtifactPath,
  subject: string,
  { start = 0, length = Infinity, version }: Parameters<ArtifactStore['read']>[1],
): Promise<Body> {
  const stats = await handle.stat({ bigint: true });
  const kind = kindOf(stats);
  if (kind !== 'file') {
    const what = kind === 'directory' ? 'a directory' : 'not a file';
    throw new Failure({ kind: 'wrong-kind', message: `${subject} is ${what}`, subject });
  }
  const size = Number(stats.size);
  const now = versionOf(stats);
  if (version && version.id !== now.id) throw changed(subject);
  if (start > 0 && start >= size) {
    throw new Failure({
      kind: 'invalid',
      message: `${subject} has ${size} bytes, none at ${start}`,
      subject,
    });
  }
  const end = Math.min(size, start + length);
  const stream = new FileStream({ handle, subject, version: now, start, end });
  return { entry: entryOf(path, stats), start, length: end - start, stream };
}

function changed(subject: string): Failure {
  return new Failure({
    kind: 'changed',
    message: `${subject} is no longer the file that it was`,
    hint: 'run it again when nothing writes to it any more',
    subject,
  });
}

/** Bytes `[start, end)` of an open file, which must be the same version after the last byte. Closes the handle. */
class FileStream extends Readable {
  readonly #handle: FileHandle;
  readonly #subject: string;
  readonly #version: Version;
  readonly #end: number;
  #offset: number;

  constructor(part: { handle: FileHandle; subject: string; version: Version; start: number; end: number }) {
    super({ highWaterMark: CHUNK_BYTES });
    this.#handle = part.handle;
    this.#subject = part.subject;
    this.#version = part.version;
    this.#offset = part.start;
    this.#end = part.end;
  }

  override _read(): void {
    this.#next().then(
      (chunk) => this.push(chunk),
      (thrown: unknown) => this.destroy(localFailure(thrown, 'reading', this.#subject)),
    );
  }

  async #next(): Promise<Buffer | null> {
    const wanted = Math.min(CHUNK_BYTES, this.#end - this.#offset);
    if (wanted === 0) {
      await this.#confirm();
      return null;
    }
    const { bytesRead, buffer } = await this.#handle.read(
      Buffer.allocUnsafe(wanted),
      0,
      wanted,
      this.#offset,
    );
    if (bytesRead === 0) throw changed(this.#subject);
    this.#offset += bytesRead;
    return buffer.subarray(0, bytesRead);
  }

  async #confirm(): Promise<void> {
    const now = versionOf(await this.#handle.stat({ bigint: true }));
    if (now.id !== this.#version.id) throw changed(this.#subject);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#handle.close().then(
      () => done(error),
      (thrown: unknown) => done(error ?? localFailure(thrown, 'closing', this.#subject)),
    );
  }
}
