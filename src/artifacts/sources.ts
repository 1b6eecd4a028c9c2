import { open } from 'node:fs/promises';
import { Readable } from 'node:stream';
import type { Checksum } from '../core/checksum.ts';
import { descriptors } from '../core/descriptors.ts';
import { asFailure, Failure } from '../core/failure.ts';
import type { Media } from '../core/media.ts';
import type { Source } from './store.ts';

/** A buffer as a source. */
export function bytesSource(
  bytes: Uint8Array,
  media: Media = {},
  checksums: readonly Checksum[] = [],
): Source {
  return {
    size: bytes.byteLength,
    replayable: true,
    checksums,
    media,
    open: async (from) => Readable.from([bytes.subarray(from)], { objectMode: false }),
    bytes: async () => bytes,
  };
}

/** What a local file was when its transfer was planned. */
export interface FileIdentity {
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  readonly mtimeMs: number;
  readonly ino: number;
}

function changed(file: string): Failure {
  return new Failure({
    kind: 'changed',
    message: `${file} changed while it was being read`,
    hint: 'log it again when nothing writes to it any more',
    subject: file,
  });
}

function unreadable(thrown: unknown, file: string): Failure {
  const { code } = thrown as NodeJS.ErrnoException;
  const facts = { subject: file, ...(code === undefined ? {} : { vendor: { code } }) };
  if (code === 'ENOENT')
    return new Failure({ kind: 'not-found', message: `${file} is no longer there`, ...facts }, thrown);
  if (code === 'EACCES' || code === 'EPERM') {
    return new Failure({ kind: 'denied', message: `${file} may not be read`, ...facts }, thrown);
  }
  return new Failure(
    { kind: 'unavailable', message: `${file} cannot be read (${code ?? 'unknown error'})`, ...facts },
    thrown,
  );
}

const CHUNK_BYTES = 256 * 1024;

/** Bytes `[from, to)` of a file that must still be the one that was planned, before the first byte and after the last. */
async function* readFile(
  identity: FileIdentity,
  from: number,
  to: number,
  signal: AbortSignal,
): AsyncGenerator<Buffer> {
  const handle = await open(identity.file, 'r').catch((thrown: unknown) => {
    throw unreadable(thrown, identity.file);
  });
  try {
    await confirmIdentity(handle, identity);
    for (let offset = from; offset < to;) {
      if (signal.aborted) throw asFailure(signal.reason, identity.file);
      const wanted = Math.min(CHUNK_BYTES, to - offset);
      const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafe(wanted), 0, wanted, offset);
      if (bytesRead === 0) throw changed(identity.file);
      offset += bytesRead;
      if (offset === to) await confirmIdentity(handle, identity);
      yield buffer.subarray(0, bytesRead);
    }
  } catch (thrown) {
    throw thrown instanceof Error && 'syscall' in thrown ? unreadable(thrown, identity.file) : thrown;
  } finally {
    await handle.close();
  }
}

async function confirmIdentity(handle: { stat(): Promise<Found> }, identity: FileIdentity): Promise<void> {
  confirm(await handle.stat(), identity);
}

type Found = Pick<FileIdentity, 'size' | 'mtimeMs' | 'ino'>;

function confirm(now: Found, identity: FileIdentity): void {
  if (now.size !== identity.size || now.mtimeMs !== identity.mtimeMs || now.ino !== identity.ino) {
    throw changed(identity.file);
  }
}

/** Bytes `[from, to)` of a file at once. What it is after the last byte it was before the first: one look is enough. */
async function readAtOnce(
  identity: FileIdentity,
  from: number,
  to: number,
  signal: AbortSignal,
  bytes: Uint8Array = Buffer.allocUnsafe(to - from),
): Promise<Uint8Array> {
  const { file } = identity;
  if (signal.aborted) throw asFailure(signal.reason, file);
  const fd = await descriptors.open(file, 'r').catch((thrown: unknown) => {
    throw unreadable(thrown, file);
  });
  try {
    for (let at = 0; at < bytes.byteLength;) {
      const { bytesRead } = await descriptors.read(fd, bytes, at, bytes.byteLength - at, from + at);
      if (bytesRead === 0) throw changed(file);
      at += bytesRead;
    }
    confirm(descriptors.fstat(fd), identity);
    return bytes;
  } catch (thrown) {
    throw thrown instanceof Error && 'syscall' in thrown ? unreadable(thrown, file) : thrown;
  } finally {
    descriptors.close(fd);
  }
}

/**
 * A local file, or `[offset, offset + size)` of it, as a source.
 * Reading it fails with `changed` when the file is no longer the one that was planned.
 */
export function fileSource(
  identity: FileIdentity,
  media: Media,
  range: { readonly offset: number; readonly size: number } = { offset: 0, size: identity.size },
): Source {
  const end = range.offset + range.size;
  return {
    size: range.size,
    replayable: true,
    checksums: [],
    media,
    open: async (from, signal) =>
      Readable.from(readFile(identity, range.offset + from, end, signal), {
        objectMode: false,
        highWaterMark: CHUNK_BYTES,
      }),
    bytes: async (signal, into) => readAtOnce(identity, range.offset, end, signal, into),
  };
}
