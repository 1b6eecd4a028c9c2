import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { addAbortSignal } from 'node:stream';
import type { Body, Entry } from '../../artifacts/store.ts';
import type { Checksum } from '../../core/checksum.ts';
import { asFailure, Failure } from '../../core/failure.ts';
import { createDigest, type Digest } from '../../core/hash.ts';
import type { Io } from '../../core/io.ts';
import { partialName } from '../partial-name.ts';
import type { Proof } from '../report.ts';
import type { Identity } from './journal/journal.ts';
import type { Pace } from './pace.ts';
import { unwritable } from './unwritable.ts';

/** What was placed, and how it is known to be whole. */
export interface Placed {
  readonly bytes: number;
  readonly proof: Proof;
  readonly identity: Identity;
}

/** Where a body goes. */
export interface Target {
  /** The name that shows the old content or the whole new one. */
  readonly file: string;
  /** Of the transfer: names the partial file. */
  readonly id: string;
  readonly pace?: Pace | undefined;
}

/** Checksums worth verifying, the fastest to compute first. */
const PREFERRED: readonly Checksum['algorithm'][] = ['crc32', 'sha256', 'sha1', 'md5', 'crc64nvme', 'crc32c'];

/** The checksum of a whole object that is worth verifying, where the store knows one. */
export function wholeChecksum({ checksums }: Entry): Checksum | undefined {
  const whole = checksums.filter(({ scope }) => scope === 'whole');
  return PREFERRED.map((algorithm) => whole.find((each) => each.algorithm === algorithm)).find(
    (each) => each,
  );
}

/** What the body must turn out to be. The listing counts only where the body itself says nothing, of the same version. */
function expectationOf(
  body: Body,
  listed: Entry,
): { readonly checksum: Checksum | undefined; readonly sizes: readonly number[] } {
  const { entry, length } = body;
  const isSame = !entry.version || !listed.version || entry.version.id === listed.version.id;
  const told = [entry.size, length].filter((size) => size !== undefined);
  const sizes = told.length > 0 || !isSame || listed.size === undefined ? told : [listed.size];
  return { checksum: wholeChecksum(entry) ?? (isSame ? wholeChecksum(listed) : undefined), sizes };
}

/**
 * Writes a body as `file`: into a partial file of the same folder, verified, synced and renamed. The name `file`
 * shows the old content or the whole new one, never a part; the partial file is gone when this fails.
 * @throws Failure corrupt (length or checksum differ), no-space, denied, exists, and what the body fails with
 */
export async function placeFile(target: Target, body: Body, listed: Entry, io: Io): Promise<Placed> {
  // A stream may break before anybody iterates over it; the iteration still sees that.
  body.stream.once('error', () => undefined);
  const { file, id } = target;
  const partial = join(dirname(file), partialName(basename(file), id));
  try {
    const placed = await writePartial(partial, target, body, listed, io);
    await rename(partial, file);
    return placed;
  } catch (thrown) {
    body.stream.destroy();
    await removePartial(partial, io);
    throw asUnwritable(thrown, file);
  }
}

/** Removes a partial file; trouble with that is only traced. */
export async function removePartial(partial: string, io: Io): Promise<void> {
  await rm(partial, { force: true }).catch((trouble: unknown) => {
    io.trace?.('partial-left', { file: partial, reason: unwritable(trouble, partial).message });
  });
}

/** What a system call on `file` failed with, as a Failure; anything else as it is. */
export function asUnwritable(thrown: unknown, file: string): unknown {
  const isSystem = thrown instanceof Error && 'code' in thrown && 'syscall' in thrown;
  return isSystem ? unwritable(thrown, file) : thrown;
}

/** What an open file is. */
export async function identityOf(handle: FileHandle): Promise<Identity> {
  const { size, mtimeMs, ino } = await handle.stat();
  return { size, mtimeMs, ino };
}

async function writePartial(
  partial: string,
  { file, pace }: Target,
  body: Body,
  listed: Entry,
  io: Io,
): Promise<Placed> {
  const { checksum, sizes } = expectationOf(body, listed);
  const digest = checksum && createDigest(checksum.algorithm);
  const handle = await openPartial(partial);
  let bytes: number;
  let identity: Identity;
  try {
    bytes = await pour({ handle, at: 0, digests: digest ? [digest] : [], pace }, body, file, io);
    checkLength(file, bytes, sizes);
    if (checksum && digest) checkDigest(file, checksum, digest.hex());
    await handle.sync();
    identity = await identityOf(handle);
  } finally {
    await handle.close();
  }
  if (checksum) return { bytes, proof: 'checksum', identity };
  return { bytes, proof: sizes.length === 0 ? 'none' : 'size', identity };
}

/** An interrupted try of the same transfer may have left a partial file of this name. */
async function openPartial(partial: string): Promise<FileHandle> {
  try {
    return await open(partial, 'wx');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
    await rm(partial);
    return open(partial, 'wx');
  }
}

/** Where the bytes of a body go. */
export interface Sink {
  readonly handle: FileHandle;
  /** Offset in the file of the body's first byte. */
  readonly at: number;
  readonly digests: readonly Digest[];
  readonly pace?: Pace | undefined;
}

/** Writes a body into a file. @returns how many bytes it had @throws Failure and system errors of the file */
export async function pour(sink: Sink, body: Body, file: string, io: Io): Promise<number> {
  let bytes = 0;
  for await (const chunk of chunksOf(body, sink.pace, file, io)) {
    for (let from = 0; from < chunk.byteLength;) {
      const { bytesWritten } = await sink.handle.write(
        chunk,
        from,
        chunk.byteLength - from,
        sink.at + bytes + from,
      );
      from += bytesWritten;
    }
    for (const digest of sink.digests) digest.update(chunk);
    bytes += chunk.byteLength;
  }
  return bytes;
}

/** The body's chunks; what it fails with is a Failure, so that it is not taken for trouble with the file. */
async function* chunksOf(body: Body, pace: Pace | undefined, file: string, io: Io): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of addAbortSignal(io.signal, body.stream) as AsyncIterable<Buffer>) {
      const release = await pace?.turn(chunk.byteLength, io.signal);
      yield chunk;
      release?.();
      pace?.passed(chunk.byteLength);
      io.progress?.(chunk.byteLength);
    }
  } catch (thrown) {
    throw io.signal.aborted ? asFailure(io.signal.reason, file) : broken(thrown, body, file);
  }
}

function broken(thrown: unknown, { entry }: Body, file: string): Failure {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined;
  if (thrown instanceof Failure || code === undefined) return asFailure(thrown, file);
  return new Failure(
    {
      kind: 'unavailable',
      message: `reading ${entry.path} broke off (${code})`,
      hint: 'download it again',
      subject: entry.path,
      vendor: { code },
    },
    thrown,
  );
}

/** @throws Failure corrupt */
export function checkLength(file: string, bytes: number, expected: readonly number[]): void {
  const other = expected.find((size) => size !== bytes);
  if (other === undefined) return;
  throw new Failure({
    kind: 'corrupt',
    message: `${basename(file)} ended after ${bytes} of ${other} bytes`,
    hint: 'download it again; if it happens twice, a proxy between here and the store cuts bodies',
    subject: file,
  });
}

/** @throws Failure corrupt */
export function checkDigest(file: string, expected: Checksum, found: string): void {
  if (found === expected.value) return;
  throw new Failure({
    kind: 'corrupt',
    message: `${basename(file)} came with ${expected.algorithm} ${found}, the store says ${expected.value}`,
    hint: 'download it again',
    subject: file,
  });
}
