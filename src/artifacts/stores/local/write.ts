import type { BigIntStats } from 'node:fs';
import { link, lstat, open, rename, rm, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { descriptors, writeAll } from '../../../core/descriptors.ts';
import { nameOf, parentOf, type ArtifactPath } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import { createTally, type Tally } from '../../../core/hash.ts';
import { MOST_HELD } from '../../../core/held-bytes.ts';
import type { Io } from '../../../core/io.ts';
import { writeJoined } from '../../../core/write-joined.ts';
import type { Precondition, Source, Stored, WriteOptions } from '../../store.ts';
import { temporaryName } from '../../temporaries.ts';
import { entryOf, versionOf } from './entries.ts';
import { codeOf, isAbsent, localFailure } from './failures.ts';
import type { Root } from './root.ts';
import { syncDirectory } from './sync-directory.ts';

/**
 * Writes a file whole or not at all: into a temporary file of the same directory, synced, then renamed (or, only if
 * absent, hard-linked: link(2) is atomic). Owner, mode and times are left as the file system makes them, since many
 * mounts refuse to change them.
 */
export async function writeFile(
  root: Root,
  path: ArtifactPath,
  source: Source,
  { when, owner }: WriteOptions,
  io: Io,
): Promise<Stored> {
  const subject = root.subject(path);
  const folder = await root.make(parentOf(path));
  const final = join(folder, nameOf(path));
  const temporary = join(folder, temporaryName(owner));
  try {
    // What a small file costs for nothing is less than looking first; the rename tells of a directory, too.
    if (when || !isSmall(source)) await checkTarget(final, subject, when);
    const stored = await fill(temporary, path, subject, source, io);
    io.signal.throwIfAborted();
    await publish(temporary, final, subject, when);
    await syncDirectory(folder);
    return stored;
  } catch (thrown) {
    throw await discard(temporary, localFailure(thrown, 'writing', subject));
  }
}

/** Removes an unfinished file; gives the failure back that made it so. */
async function discard(temporary: string, failure: Failure): Promise<Failure> {
  try {
    await rm(temporary, { force: true });
  } catch (thrown) {
    if (!isAbsent(thrown)) return failure.with({ hint: `remove ${temporary}, which could not be removed` });
  }
  return failure;
}

async function checkTarget(final: string, subject: string, when: Precondition | undefined): Promise<void> {
  const stats = await lstat(final, { bigint: true }).catch((thrown: unknown) => {
    if (isAbsent(thrown)) return undefined;
    throw thrown;
  });
  if (stats?.isDirectory() === true) {
    throw new Failure({ kind: 'wrong-kind', message: `${subject} is a directory`, subject });
  }
  if (!when) return;
  if ('absent' in when) {
    if (stats) throw exists(subject);
  } else if (!stats || versionOf(stats).id !== when.version.id) {
    throw new Failure({ kind: 'changed', message: `${subject} is no longer what it was`, subject });
  }
}

type Small = Source & { readonly bytes: NonNullable<Source['bytes']> };

function isSmall(source: Source): source is Small {
  return source.bytes !== undefined && source.size !== undefined && source.size <= MOST_HELD;
}

async function fill(
  temporary: string,
  path: ArtifactPath,
  subject: string,
  source: Source,
  io: Io,
): Promise<Stored> {
  const tally = createTally(source.checksums.filter(isWhole).map(({ algorithm }) => algorithm));
  const { stats, proven } = isSmall(source)
    ? await fillAtOnce(temporary, await source.bytes(io.signal), { source, tally, subject }, io)
    : await fillStreaming(temporary, { source, tally, subject }, io);
  const entry = { ...entryOf(path, stats), checksums: proven };
  return { entry, proof: proven.length > 0 ? 'checksum' : 'size' };
}

/** A file with the source's bytes, and the announced checksums that are true of them. */
interface Filled {
  readonly stats: BigIntStats;
  readonly proven: Source['checksums'];
}

/** What is written, and what is known of it so far. */
interface Filling {
  readonly source: Source;
  readonly tally: Tally;
  readonly subject: string;
}

async function fillAtOnce(temporary: string, bytes: Uint8Array, filling: Filling, io: Io): Promise<Filled> {
  filling.tally.add(bytes);
  const proven = checkSource(filling);
  const fd = await descriptors.open(temporary, 'wx');
  try {
    await writeAll(fd, bytes);
    io.progress?.(bytes.byteLength);
    await descriptors.fsync(fd);
    return { stats: descriptors.fstat(fd, { bigint: true }), proven };
  } finally {
    descriptors.close(fd);
  }
}

async function fillStreaming(temporary: string, filling: Filling, io: Io): Promise<Filled> {
  const handle = await open(temporary, 'wx');
  try {
    await pour(handle, filling, io);
    const proven = checkSource(filling);
    await handle.sync();
    return { stats: await handle.stat({ bigint: true }), proven };
  } finally {
    await handle.close();
  }
}

const isWhole = ({ scope }: Source['checksums'][number]) => scope === 'whole';

async function pour(handle: FileHandle, { source, tally }: Filling, io: Io): Promise<void> {
  const stream = addAbortSignal(io.signal, await source.open(0, io.signal));
  const joined = writeJoined(handle, 0);
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      const room = joined.add(chunk);
      tally.add(chunk);
      if (source.size !== undefined && tally.bytes > source.size) break;
      if (room) await room;
      if (joined.trouble) break;
      io.progress?.(chunk.byteLength);
    }
    await joined.end();
  } finally {
    await joined.settle();
  }
}

/** The checksums that were announced, once all bytes are known to be those announced. @throws Failure changed, corrupt */
function checkSource({ source, tally, subject }: Filling): Source['checksums'] {
  const { size } = source;
  if (size !== undefined && tally.bytes !== size)
    throw otherSize(subject, size, tally.bytes > size ? 'more' : 'fewer');
  const found = tally.checksums();
  for (const { algorithm, value } of source.checksums.filter(isWhole)) {
    const ours = found.find((each) => each.algorithm === algorithm)?.value;
    if (ours === value) continue;
    throw new Failure({
      kind: 'corrupt',
      message: `the bytes for ${subject} have ${algorithm} ${ours ?? 'unknown'}, announced was ${value}`,
      subject,
    });
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

function exists(subject: string, cause?: unknown): Failure {
  return new Failure({ kind: 'exists', message: `${subject} is there already`, subject }, cause);
}

async function publish(
  temporary: string,
  final: string,
  subject: string,
  when: Precondition | undefined,
): Promise<void> {
  if (when && 'version' in when) await checkTarget(final, subject, when);
  if (!when || !('absent' in when)) {
    await replace(temporary, final, subject);
    return;
  }
  try {
    await link(temporary, final);
    await unlink(temporary);
  } catch (thrown) {
    const code = codeOf(thrown);
    if (code === 'EEXIST') throw exists(subject, thrown);
    if (code !== 'EPERM' && code !== 'ENOTSUP' && code !== 'EOPNOTSUPP' && code !== 'ENOSYS') throw thrown;
    const message = `${subject} cannot be written only if absent: its file system has no hard links`;
    throw new Failure(
      { kind: 'unsupported', message, hint: 'write it with --if-exists overwrite', subject },
      thrown,
    );
  }
}

async function replace(temporary: string, final: string, subject: string): Promise<void> {
  try {
    await rename(temporary, final);
  } catch (thrown) {
    await checkTarget(final, subject, undefined);
    throw thrown;
  }
}
