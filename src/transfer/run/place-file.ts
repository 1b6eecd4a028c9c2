import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { addAbortSignal } from 'node:stream';
import type { Body, Entry } from '../../artifacts/store.ts';
import type { Checksum } from '../../core/checksum.ts';
import { descriptors, writeAll } from '../../core/descriptors.ts';
import { asFailure, Failure } from '../../core/failure.ts';
import { createDigest, type Digest } from '../../core/hash.ts';
import { MOST_HELD } from '../../core/held-bytes.ts';
import type { Io } from '../../core/io.ts';
import { writeJoined } from '../../core/write-joined.ts';
import { partialName } from '../partial-name.ts';
import type { Proof } from '../report.ts';
import { gather } from './gather.ts';
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
  let best: Checksum | undefined;
  for (const each of checksums) {
    if (each.scope !== 'whole') continue;
    if (!best || PREFERRED.indexOf(each.algorithm) < PREFERRED.indexOf(best.algorithm)) best = each;
  }
  return best;
}

/** What a body must turn out to be. */
interface Expectation {
  readonly checksum: Checksum | undefined;
  /** Bytes, as each of those says that know. */
  readonly sizes: readonly number[];
}

/**
 * Of the very version that was listed, the listing's size counts too: a `Content-Length` that something on the way made
 * smaller looks like a whole body. Of no version it counts only where the body itself says nothing.
 */
function expectationOf(body: Body, listed: Entry): Expectation {
  const { entry, length } = body;
  const isSame = !entry.version || !listed.version || entry.version.id === listed.version.id;
  const isPinned = isSame && entry.version?.strong === true && listed.version !== undefined;
  const sizes: number[] = [];
  if (entry.size !== undefined) sizes.push(entry.size);
  if (length !== undefined) sizes.push(length);
  const counts = isPinned || (isSame && sizes.length === 0);
  if (counts && listed.size !== undefined) sizes.push(listed.size);
  return { checksum: wholeChecksum(entry) ?? (isSame ? wholeChecksum(listed) : undefined), sizes };
}

/**
 * Writes a body as `file`: into a partial file of the same folder, verified, synced and renamed. The name `file`
 * shows the old content or the whole new one, never a part; the partial file is gone when this fails.
 * @throws Failure corrupt (length or checksum differ), no-space, denied, exists, and what the body fails with
 */
export async function placeFile(target: Target, body: Body, listed: Entry, io: Io): Promise<Placed> {
  // A stream may break before anybody iterates over it; the iteration still sees that.
  if (!body.bytes) body.stream.once('error', () => undefined);
  const { file, id } = target;
  const partial = join(dirname(file), partialName(basename(file), id));
  try {
    const placed = await writePartial(partial, target, body, listed, io);
    await rename(partial, file);
    return placed;
  } catch (thrown) {
    if (!body.bytes) body.stream.destroy();
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
  target: Target,
  body: Body,
  listed: Entry,
  io: Io,
): Promise<Placed> {
  const expected = expectationOf(body, listed);
  const { checksum, sizes } = expected;
  const [size] = sizes;
  const isSmall = size !== undefined && sizes.every((each) => each <= MOST_HELD) && !target.pace;
  const placed = isSmall
    ? await writeAtOnce(partial, target.file, await held(body, size, target.file, io), expected)
    : await writeStream(partial, target, body, expected, io);
  if (checksum) return { ...placed, proof: 'checksum' };
  return { ...placed, proof: sizes.length === 0 ? 'none' : 'size' };
}

type Written = Omit<Placed, 'proof'>;

async function writeStream(
  partial: string,
  { file, pace }: Target,
  body: Body,
  { checksum, sizes }: Expectation,
  io: Io,
): Promise<Written> {
  const digest = checksum && createDigest(checksum.algorithm);
  const handle = await openPartial(partial, async () => open(partial, 'wx'));
  try {
    const bytes = await pour({ handle, at: 0, digests: digest ? [digest] : [], pace }, body, file, io);
    checkLength(file, bytes, sizes);
    if (checksum && digest) checkDigest(file, checksum, digest.hex());
    await handle.sync();
    return { bytes, identity: await identityOf(handle) };
  } finally {
    await handle.close();
  }
}

/** The bytes of a body that is to have `size` of them, or a few more. */
async function held(body: Body, size: number, file: string, io: Io): Promise<Uint8Array> {
  const { bytes } = body;
  try {
    io.signal.throwIfAborted();
    if (!bytes) return await gather(body.stream, size, io);
    io.progress?.(bytes.byteLength);
    return bytes;
  } catch (thrown) {
    throw io.signal.aborted ? asFailure(io.signal.reason, file) : broken(thrown, body, file);
  }
}

async function writeAtOnce(
  partial: string,
  file: string,
  bytes: Uint8Array,
  { checksum, sizes }: Expectation,
): Promise<Written> {
  checkLength(file, bytes.byteLength, sizes);
  if (checksum) {
    const digest = createDigest(checksum.algorithm);
    digest.update(bytes);
    checkDigest(file, checksum, digest.hex());
  }
  const fd = await openPartial(partial, async () => descriptors.open(partial, 'wx'));
  try {
    await writeAll(fd, bytes);
    await descriptors.fsync(fd);
    const { size, mtimeMs, ino } = descriptors.fstat(fd);
    return { bytes: bytes.byteLength, identity: { size, mtimeMs, ino } };
  } finally {
    descriptors.close(fd);
  }
}

/** An interrupted try of the same transfer may have left a partial file of this name. */
async function openPartial<T>(partial: string, openNew: () => Promise<T>): Promise<T> {
  try {
    return await openNew();
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
    await rm(partial);
    return openNew();
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
  const { pace } = sink;
  const joined = writeJoined(sink.handle, sink.at);
  try {
    for await (const chunk of addAbortSignal(io.signal, body.stream) as AsyncIterable<Buffer>) {
      const release = pace && (await pace.turn(chunk.byteLength, io.signal));
      const room = joined.add(chunk);
      for (const digest of sink.digests) digest.update(chunk);
      if (room) await room;
      release?.();
      if (joined.trouble) break;
      pace?.passed(chunk.byteLength);
      io.progress?.(chunk.byteLength);
    }
  } catch (thrown) {
    await joined.settle();
    throw io.signal.aborted ? asFailure(io.signal.reason, file) : broken(thrown, body, file);
  }
  await joined.end();
  return joined.bytes;
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
    retry: 'later',
  });
}

/** @throws Failure corrupt */
export function checkDigest(file: string, expected: Checksum, found: string): void {
  if (found === expected.value) return;
  throw new Failure({
    kind: 'corrupt',
    message: `${basename(file)} came with ${expected.algorithm} ${found}, the store says ${expected.value}`,
    hint: 'download it again; if it happens twice, it is damaged at the store or on its way',
    subject: file,
    retry: 'later',
  });
}
