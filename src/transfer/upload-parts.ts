import type {
  ArtifactStore,
  Multipart,
  Part,
  Receipt,
  Source,
  Stored,
  UploadSession,
} from '../artifacts/store.ts';
import type { ArtifactPath } from '../core/artifact-path.ts';
import { Failure } from '../core/failure.ts';
import { cleanupIo, type Io } from '../core/io.ts';
import { forEachBounded } from './pool.ts';

/** Files above this go in parts where the store takes parts, in bytes. */
const PARTS_ABOVE = 64 * 1024 * 1024;
const PART_BYTES = 16 * 1024 * 1024;
const PARTS_AT_ONCE = 4;

/** The size of parts that the store prefers, else our usual one, as near as the store allows it, in bytes. */
export function usualPartBytes({ minBytes, maxBytes, preferred }: Multipart): number {
  return Math.min(Math.max(preferred?.partBytes ?? PART_BYTES, minBytes), maxBytes);
}

/** Whether a file goes in parts: by the store's own preference, else when it is large. */
export function prefersParts(size: number, { preferred }: Multipart): boolean {
  return preferred ? size > 0 && size >= preferred.fromBytes : size > PARTS_ABOVE;
}

/**
 * The size of the parts, in bytes: 16 MiB unless the store prefers another, more when the file would need more parts than the store allows.
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
  return Math.max(usualPartBytes(multipart), needed);
}

/** The parts of a file of `size` bytes, numbered from 1. */
export function* planParts(size: number, partBytes: number): Generator<Part> {
  for (let offset = 0, number = 1; offset < size; offset += partBytes, number += 1) {
    yield { number, offset, size: Math.min(partBytes, size - offset) };
  }
}

/** A file of known size that can be read in ranges. */
export interface PartedFile {
  readonly size: number;
  readonly source: Source;
  readonly part: (range: { readonly offset: number; readonly size: number }) => Source;
}

/**
 * Uploads a file of known size in parts; aborts the upload when a part fails for good or the command is stopped. A store
 * that turns out to take no parts gets the file in one write.
 */
export async function uploadInParts(
  store: ArtifactStore,
  multipart: Multipart,
  path: ArtifactPath,
  file: PartedFile,
  io: Io,
): Promise<Stored> {
  const { size, source } = file;
  const partBytes = partBytesFor(size, multipart);
  const session = await beginUnlessUnsupported(
    multipart.begin(path, { partBytes, size, media: source.media }, io),
  );
  if (session instanceof Failure) {
    if (size > store.traits.maxWriteBytes) throw session;
    return store.write(path, source, {}, io);
  }
  return finish(session, io, async () => {
    const receipts: Receipt[] = [];
    const width = multipart.order === 'any' ? PARTS_AT_ONCE : 1;
    await forEachBounded(planParts(size, partBytes), width, async (part) => {
      receipts.push(await session.put(part, file.part(part), io));
    });
    receipts.sort((a, b) => a.number - b.number);
    return session.commit(receipts, { size, checksums: [] }, io);
  });
}

/** Drivers offer what they can try; only the server knows (`unsupported`, before a byte is visible). */
async function beginUnlessUnsupported(begin: Promise<UploadSession>): Promise<UploadSession | Failure> {
  try {
    return await begin;
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.kind === 'unsupported') return thrown;
    throw thrown;
  }
}

/** Runs an upload; when it fails, nothing of it stays at the store. */
export async function finish<T>(session: UploadSession, io: Io, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (thrown) {
    await session.abort(cleanupIo(io)).catch((trouble: unknown) => {
      io.trace?.('abort-failed', { reason: trouble instanceof Error ? trouble.message : String(trouble) });
    });
    throw thrown;
  }
}
