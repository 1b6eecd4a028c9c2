import { link, lstat, open, rename, rm, unlink, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { addAbortSignal } from 'node:stream';
import { nameOf, parentOf, type ArtifactPath } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import { createTally, type Tally } from '../../../core/hash.ts';
import type { Io } from '../../../core/io.ts';
import type { Precondition, Source, Stored } from '../../store.ts';
import { entryOf, versionOf } from './entries.ts';
import { codeOf, isAbsent, localFailure } from './failures.ts';
import { temporaryName } from './names.ts';
import type { Root } from './root.ts';

/** Directories that cannot be synced (some FUSE and network mounts), or be opened for reading, still hold the rename. */
const UNSYNCABLE = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EISDIR', 'EACCES', 'EPERM']);

/**
 * Writes a file whole or not at all: into a temporary file of the same directory, synced, then renamed (or, only if
 * absent, hard-linked: link(2) is atomic). Owner, mode and times are left as the file system makes them, since many
 * mounts refuse to change them.
 */
export async function writeFile(
  root: Root,
  path: ArtifactPath,
  source: Source,
  when: Precondition | undefined,
  io: Io,
): Promise<Stored> {
  const subject = root.subject(path);
  const folder = await root.make(parentOf(path));
  const final = join(folder, nameOf(path));
  const temporary = join(folder, temporaryName());
  try {
    await checkTarget(final, subject, when);
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

async function fill(
  temporary: string,
  path: ArtifactPath,
  subject: string,
  source: Source,
  io: Io,
): Promise<Stored> {
  const handle = await open(temporary, 'wx');
  try {
    const tally = createTally(source.checksums.filter(isWhole).map(({ algorithm }) => algorithm));
    await pour(handle, source, tally, subject, io);
    const proven = checkSource(source, tally, subject);
    await handle.sync();
    const entry = entryOf(path, await handle.stat({ bigint: true }));
    return { entry: { ...entry, checksums: proven }, proof: proven.length > 0 ? 'checksum' : 'size' };
  } finally {
    await handle.close();
  }
}

const isWhole = ({ scope }: Source['checksums'][number]) => scope === 'whole';

async function pour(
  handle: FileHandle,
  source: Source,
  tally: Tally,
  subject: string,
  io: Io,
): Promise<void> {
  const stream = addAbortSignal(io.signal, await source.open(0, io.signal));
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    tally.add(chunk);
    if (source.size !== undefined && tally.bytes > source.size) throw otherSize(subject, source.size, 'more');
    for (let from = 0; from < chunk.byteLength;) {
      from += (await handle.write(chunk, from)).bytesWritten;
    }
    io.progress?.(chunk.byteLength);
  }
}

/** The checksums that were announced and are true. */
function checkSource(source: Source, tally: Tally, subject: string): Source['checksums'] {
  if (source.size !== undefined && tally.bytes < source.size) throw otherSize(subject, source.size, 'fewer');
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
    await rename(temporary, final);
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

async function syncDirectory(folder: string): Promise<void> {
  try {
    const handle = await open(folder, 'r');
    try {
      await handle.sync();
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    if (!UNSYNCABLE.has(codeOf(thrown) ?? '')) throw thrown;
  }
}
