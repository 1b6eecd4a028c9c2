import type { Multipart, Part, Receipt } from '../../artifacts/store.ts';
import { Failure } from '../../core/failure.ts';
import { cleanupIo } from '../../core/io.ts';
import type { UploadFile } from '../items.ts';
import type { OpenJob } from './job.ts';
import { abortQuietly, beginUpload, takeUp, type Resumed } from './take-up.ts';
import { arrived, fileIo, sourceAtPace, writeWhole, type PartedFile, type Uploading } from './uploading.ts';

const MIB = 1024 * 1024;
/** Files above this go in parts where the store takes parts, in bytes. */
const PARTS_ABOVE = 64 * MIB;
const PART_BYTES = 8 * MIB;

/** The size of parts that the store prefers, else our usual one, as near as the store allows it, in bytes. */
export function usualPartBytes({ minBytes, maxBytes, preferred }: Multipart): number {
  return Math.min(Math.max(preferred?.partBytes ?? PART_BYTES, minBytes), maxBytes);
}

/** Whether a file goes in parts: by the store's own preference, else when it is large. */
export function prefersParts(size: number, { preferred }: Multipart): boolean {
  return preferred ? size > 0 && size >= preferred.fromBytes : size > PARTS_ABOVE;
}

/**
 * The size of the parts, in bytes: 8 MiB unless the store prefers another, more when the file would need more parts
 * than the store allows (then in whole MiB where the store takes that).
 * @throws Failure too-large when no allowed size suffices
 */
export function partBytesFor(size: number, multipart: Multipart): number {
  const needed = Math.ceil(size / multipart.maxParts);
  if (needed > multipart.maxBytes) {
    throw new Failure({
      kind: 'too-large',
      message: `${size} bytes need more than ${multipart.maxParts} parts of at most ${multipart.maxBytes} bytes`,
      subject: 'multipart upload',
    });
  }
  const usual = usualPartBytes(multipart);
  return needed <= usual ? usual : Math.min(Math.ceil(needed / MIB) * MIB, multipart.maxBytes);
}

/** The parts of a file of `size` bytes, numbered from 1. */
export function* planParts(size: number, partBytes: number): Generator<Part> {
  for (let offset = 0, number = 1; offset < size; offset += partBytes, number += 1) {
    yield { number, offset, size: Math.min(partBytes, size - offset) };
  }
}

/**
 * How many parts of one file are under way at once: a quarter of the workers, of 32 as many as can be held in memory
 * between their digest and the wire. The scheduler's width bounds them over all files.
 */
export function partsAtOnce(workers: number): number {
  return Math.max(4, Math.ceil(workers / 4));
}

/**
 * Begins to upload a file in parts, or goes on with what an interrupted try began; nothing of it stays at the store when
 * a part fails for good or the command is stopped, unless it is to be kept. A store that turns out to take no parts gets
 * the file in one write.
 */
export async function uploadInParts(
  uploading: Uploading,
  multipart: Multipart,
  { file, size }: { readonly file: PartedFile; readonly size: number },
): Promise<OpenJob> {
  const planned = { partBytes: partBytesFor(size, multipart), size, media: file.source.media };
  const plan = file.when ? { ...planned, when: file.when } : planned;
  const resumed = await takeUp(uploading, multipart, file, plan);
  if (resumed) return partsJob(uploading, multipart, file, size, resumed);
  try {
    const session = await beginUpload(uploading, multipart, file, plan);
    const begun = { session, partBytes: plan.partBytes, receipts: [] };
    return partsJob(uploading, multipart, file, size, begun);
  } catch (thrown) {
    // Drivers offer what they can try; only the server knows, before a byte is visible.
    const isRefused = thrown instanceof Failure && thrown.kind === 'unsupported';
    if (!isRefused || size > uploading.store.traits.maxWriteBytes) throw thrown;
    return oneWrite(uploading, file, size);
  }
}

function partsJob(
  uploading: Uploading,
  multipart: Multipart,
  file: PartedFile,
  size: number,
  { session, partBytes, receipts: before, stored }: Resumed,
): OpenJob {
  const { journal, options, io } = uploading;
  const fromFile = fileIo(uploading, file.path);
  const receipts: Receipt[] = [...before];
  const have = new Set(before.map(({ number }) => number));
  for (const { size: bytes } of before) uploading.record.observer.progress(file.path, bytes);
  const put = async (part: Part): Promise<void> => {
    const receipt = await session.put(part, sourceAtPace(uploading, file.part(part)), fromFile);
    receipts.push(receipt);
    journal.part(file.path, receipt);
  };
  return {
    atOnce: multipart.order === 'any' ? partsAtOnce(options.workers) : 1,
    parts: worksOf(planParts(size, partBytes), (part) =>
      have.has(part.number) ? undefined : async () => put(part),
    ),
    finish: async () => {
      receipts.sort((a, b) => a.number - b.number);
      // Whoever is killed now finds out by all parts whether the store finished it.
      await journal.ready();
      const finished = stored ?? (await session.commit(receipts, { size, checksums: [] }, io));
      await arrived(uploading, file, finished, size);
    },
    giveUp: async () => {
      const keep = io.signal.aborted && uploading.options.keepUnfinished === true;
      if (!keep && (await abortQuietly(session, cleanupIo(io)))) journal.gone(file.path);
      return 'failed';
    },
  };
}

/** What each part takes; parts without work are left out. */
export function* worksOf<T>(
  parts: Iterable<T>,
  work: (part: T) => (() => Promise<void>) | undefined,
): Generator<() => Promise<void>> {
  for (const part of parts) {
    const one = work(part);
    if (one) yield one;
  }
}

function oneWrite(uploading: Uploading, file: UploadFile, size: number): OpenJob {
  return {
    atOnce: 1,
    parts: [async () => arrived(uploading, file, await writeWhole(uploading, file), size)],
    finish: async () => undefined,
    giveUp: async () => 'failed',
  };
}
