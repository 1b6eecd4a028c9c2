import { open, rename, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import type { ArtifactReader } from '../../artifacts/reader.ts';
import type { Body, Entry, Part } from '../../artifacts/store.ts';
import type { Under } from '../../core/artifact-path.ts';
import type { Checksum } from '../../core/checksum.ts';
import { combineCrcs, isCombinable } from '../../core/crc-combine.ts';
import { Failure } from '../../core/failure.ts';
import { createDigest } from '../../core/hash.ts';
import type { Io } from '../../core/io.ts';
import type { Journal } from './journal/journal.ts';
import type { Pace } from './pace.ts';
import { asUnwritable, checkDigest, identityOf, pour, wholeChecksum, type Placed } from './place-file.ts';
import { planParts } from './upload-parts.ts';

/** A large file that is fetched in ranges, and where it goes. */
export interface Ranged {
  readonly reader: ArtifactReader;
  /** What the reader calls it. */
  readonly path: Under;
  readonly entry: Entry & Required<Pick<Entry, 'size' | 'version'>>;
  readonly rangeBytes: number;
  /** The name that it gets once it is whole, and the one that it has until then, in the same folder. */
  readonly file: string;
  readonly partial: string;
  readonly journal: Journal;
  readonly pace?: Pace | undefined;
  /** Of the file: counts its bytes. */
  readonly io: Io;
}

/** Ranges being put together. */
export interface Placing {
  readonly ranges: Iterable<Part>;
  /** Fetches one range and writes it at its offset. */
  fetch(range: Part): Promise<void>;
  /** Verifies the whole, syncs it and gives it its name. */
  publish(): Promise<Placed>;
  /** Lets go of the file; the partial one stays. */
  close(): Promise<void>;
}

/** What is known of a range that is on disk. */
interface Fetched {
  readonly bytes: number;
  readonly crc32: number;
  /** Its part of the whole's checksum where that is another one that can be combined, lower-case hex. */
  readonly value?: string;
}

/**
 * Begins to put a file together from ranges, all of one version of it, in a partial file of the target folder. Ranges
 * that an interrupted try left are kept when they still have the checksum that the journal says.
 * @throws Failure no-space, denied
 */
export async function placeRanges(ranged: Ranged): Promise<Placing> {
  const { file, partial, journal, entry, rangeBytes } = ranged;
  const earlier = journal.takeDownload(entry.path);
  await journal.fetch({ path: entry.path, version: entry.version.id, size: entry.size, rangeBytes });
  const handle = await openPartial(ranged).catch((thrown: unknown) =>
    Promise.reject(asUnwritable(thrown, file) as Error),
  );
  let checksum = wholeChecksum(entry);
  const fetched = new Map<number, Fetched>();
  const isSame = earlier?.version === entry.version.id && earlier.size === entry.size;
  if (earlier && isSame && earlier.rangeBytes === rangeBytes) {
    for (const range of planParts(entry.size, rangeBytes)) {
      const crc = earlier.ranges.get(range.number);
      if (crc === undefined) continue;
      const found = await rereadRange(handle, range, checksum);
      if (found.crc32 !== crc) continue;
      fetched.set(range.number, found);
      journal.range(entry.path, range.number, crc);
      ranged.io.progress?.(range.size);
    }
  }
  const left = function* (): Generator<Part> {
    for (const range of planParts(entry.size, rangeBytes)) if (!fetched.has(range.number)) yield range;
  };
  return {
    ranges: left(),
    fetch: async (range) => {
      const { whole, found } = await fetchRange(ranged, handle, range, checksum);
      // A listing may say less of a file than an answer does.
      checksum ??= whole;
      fetched.set(range.number, found);
      journal.range(entry.path, range.number, found.crc32);
    },
    publish: async () => {
      try {
        checksum ??= await askChecksum(ranged);
        const proof = await verify(ranged, handle, fetched, checksum);
        await handle.sync();
        const identity = await identityOf(handle);
        await handle.close();
        await rename(partial, file);
        return { bytes: entry.size, proof, identity };
      } catch (thrown) {
        throw asUnwritable(thrown, file);
      }
    },
    close: async () => {
      await handle.close().catch(() => undefined);
    },
  };
}

/** Not `O_CREAT | O_EXCL`: what an interrupted try of the same transfer left is opened as it is. */
async function openPartial({ partial }: Ranged): Promise<FileHandle> {
  try {
    return await open(partial, 'wx+');
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code !== 'EEXIST') throw thrown;
    return open(partial, 'r+');
  }
}

/** What the store says of the file itself, where neither its listing nor the ranges told a checksum of the whole. */
async function askChecksum({ reader, path, entry, io }: Ranged): Promise<Checksum | undefined> {
  try {
    const now = await reader.look(path, quiet(io));
    return now?.version?.id === entry.version.id ? wholeChecksum(now) : undefined;
  } catch (thrown) {
    const kind = thrown instanceof Failure ? thrown.kind : undefined;
    if (kind !== 'denied' && kind !== 'unsupported') throw thrown;
    io.trace?.('unverified', { subject: entry.path, kind });
    return undefined;
  }
}

function quiet({ signal, trace }: Io): Io {
  return { signal, ...(trace ? { trace } : {}) };
}

/** Counts what passes: its own CRC-32 for the journal, and the part of the whole's checksum where that is another. */
function tallyOf(checksum: Checksum | undefined) {
  const algorithm = checksum?.algorithm ?? 'crc32';
  const digest = isCombinable(algorithm) && algorithm !== 'crc32' ? createDigest(algorithm) : undefined;
  let crc = 0;
  let bytes = 0;
  return {
    algorithm: 'crc32' as const,
    hex: () => crc.toString(16),
    update: (chunk: Uint8Array) => {
      crc = crc32(chunk, crc);
      bytes += chunk.byteLength;
      digest?.update(chunk);
    },
    found: (): Fetched => ({ bytes, crc32: crc, ...(digest ? { value: digest.hex() } : {}) }),
  };
}

async function fetchRange(
  { reader, path, entry, file, pace, io }: Ranged,
  handle: FileHandle,
  range: Part,
  checksum: Checksum | undefined,
): Promise<{ readonly found: Fetched; readonly whole: Checksum | undefined }> {
  const ask = { start: range.offset, length: range.size, version: entry.version };
  const body = await reader.read(path, ask, quiet(io));
  body.stream.once('error', () => undefined);
  try {
    checkStart(entry, body, range);
    const tally = tallyOf(checksum);
    const bytes = await pour({ handle, at: range.offset, digests: [tally], pace }, body, file, io);
    if (bytes !== range.size) throw shortRange(entry, range, bytes);
    return { found: tally.found(), whole: wholeChecksum(body.entry) };
  } catch (thrown) {
    body.stream.destroy();
    throw asUnwritable(thrown, file);
  }
}

/** A server that ignores ranges, or that has another object by now, would give bytes of another place. */
function checkStart(entry: Ranged['entry'], { start, entry: now }: Body, range: Part): void {
  if (now.version && now.version.id !== entry.version.id) {
    throw new Failure({
      kind: 'changed',
      message: `${entry.path} changed while it was being read`,
      hint: 'download it again when nothing writes to it any more',
      subject: entry.path,
    });
  }
  if (start !== range.offset) throw shortRange(entry, range, 0);
}

function shortRange({ path }: Entry, { offset, size }: Part, bytes: number): Failure {
  return new Failure({
    kind: 'corrupt',
    message: `${path} gave ${bytes} of ${size} bytes from ${offset} on`,
    hint: 'download it again; if it happens twice, a proxy between here and the store cuts bodies',
    subject: path,
    retry: 'later',
  });
}

const CHUNK_BYTES = 1024 * 1024;

async function* readBack(handle: FileHandle, from: number, to: number): AsyncGenerator<Uint8Array> {
  const buffer = Buffer.allocUnsafe(Math.min(CHUNK_BYTES, to - from));
  for (let offset = from; offset < to;) {
    const { bytesRead } = await handle.read(buffer, 0, Math.min(buffer.byteLength, to - offset), offset);
    if (bytesRead === 0) return;
    offset += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}

async function rereadRange(
  handle: FileHandle,
  range: Part,
  checksum: Checksum | undefined,
): Promise<Fetched> {
  const tally = tallyOf(checksum);
  for await (const chunk of readBack(handle, range.offset, range.offset + range.size)) tally.update(chunk);
  return tally.found();
}

function piecesOf(
  { bytes, crc32: crc, value }: Fetched,
  algorithm: Checksum['algorithm'],
): readonly { readonly bytes: number; readonly value: string }[] {
  const own = algorithm === 'crc32' ? crc.toString(16).padStart(8, '0') : value;
  return own === undefined ? [] : [{ bytes, value: own }];
}

/** Checks the whole: CRCs from those of the ranges, other digests, and those learned late, by one pass over the file. */
async function verify(
  { entry, file, io }: Ranged,
  handle: FileHandle,
  fetched: ReadonlyMap<number, Fetched>,
  checksum: Checksum | undefined,
): Promise<Placed['proof']> {
  await handle.truncate(entry.size);
  if (!checksum) return 'size';
  const { algorithm } = checksum;
  const inOrder = [...fetched].sort(([a], [b]) => a - b).flatMap(([, each]) => piecesOf(each, algorithm));
  if (isCombinable(algorithm) && inOrder.length === fetched.size) {
    checkDigest(file, checksum, combineCrcs(algorithm, inOrder));
    return 'checksum';
  }
  const digest = createDigest(checksum.algorithm);
  for await (const chunk of readBack(handle, 0, entry.size)) {
    io.signal.throwIfAborted();
    digest.update(chunk);
  }
  checkDigest(file, checksum, digest.hex());
  return 'checksum';
}
