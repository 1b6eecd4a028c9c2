import type { Multipart, Part, Receipt, Source, Stored, UploadSession } from '../artifacts/store.ts';
import type { ArtifactPath } from '../core/artifact-path.ts';
import { Failure } from '../core/failure.ts';
import { cleanupIo, type Io } from '../core/io.ts';
import type { Media } from '../core/media.ts';
import { forEachBounded } from './pool.ts';

const PART_BYTES = 16 * 1024 * 1024;
const PARTS_AT_ONCE = 4;

/**
 * The size of the parts, in bytes: 16 MiB, more when the file would need more parts than the store allows.
 * @throws Failure too-large when no allowed size suffices
 */
export function partBytesFor(size: number, multipart: Multipart): number {
  const needed = Math.ceil(size / multipart.maxParts);
  const wanted = Math.max(PART_BYTES, multipart.minBytes, needed);
  if (needed > multipart.maxBytes) {
    throw new Failure({
      kind: 'too-large',
      message: `${size} bytes need more than ${multipart.maxParts} parts of at most ${multipart.maxBytes} bytes`,
      subject: 'multipart upload',
    });
  }
  return Math.min(wanted, multipart.maxBytes);
}

/** The parts of a file of `size` bytes, numbered from 1. */
export function* planParts(size: number, partBytes: number): Generator<Part> {
  for (let offset = 0, number = 1; offset < size; offset += partBytes, number += 1) {
    yield { number, offset, size: Math.min(partBytes, size - offset) };
  }
}

/** Uploads a file of known size in parts; aborts the upload when a part fails for good or the command is stopped. */
export async function uploadInParts(
  multipart: Multipart,
  path: ArtifactPath,
  file: { readonly size: number; readonly media: Media; readonly part: (range: Part) => Source },
  io: Io,
): Promise<Stored> {
  const partBytes = partBytesFor(file.size, multipart);
  const session = await multipart.begin(path, { partBytes, size: file.size, media: file.media }, io);
  return finish(session, io, async () => {
    const receipts: Receipt[] = [];
    const width = multipart.order === 'any' ? PARTS_AT_ONCE : 1;
    await forEachBounded(planParts(file.size, partBytes), width, async (part) => {
      receipts.push(await session.put(part, file.part(part), io));
    });
    receipts.sort((a, b) => a.number - b.number);
    return session.commit(receipts, { size: file.size, checksums: [] }, io);
  });
}

/** Runs an upload; when it fails, nothing of it stays at the store. */
export async function finish(session: UploadSession, io: Io, work: () => Promise<Stored>): Promise<Stored> {
  try {
    return await work();
  } catch (thrown) {
    await session.abort(cleanupIo(io)).catch((trouble: unknown) => {
      io.trace?.('abort-failed', { token: session.token, reason: String(trouble) });
    });
    throw thrown;
  }
}
