import type { ArtifactStore, Source } from '../artifacts/store.ts';
import type { ArtifactPath } from '../core/artifact-path.ts';
import { asFailure, Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import { confirmSizes } from './confirm-sizes.ts';
import { forEachBounded } from './pool.ts';
import type { Lost, Moved, Observer, Report } from './report.ts';
import { uploadStream } from './upload-stream.ts';
import { uploadInParts } from './upload-parts.ts';

/** One thing to store. */
export interface Upload {
  readonly path: ArtifactPath;
  /** The local file, or `-` for standard input. */
  readonly local: string;
  readonly source: Source;
  /** A range of the source as a source of its own; absent when it can only be read once. */
  readonly part?: (range: { readonly offset: number; readonly size: number }) => Source;
}

/** Files above this go in parts where the store takes parts, in bytes. */
const PARTS_ABOVE = 64 * 1024 * 1024;

async function uploadOne(store: ArtifactStore, upload: Upload, io: Io): Promise<Moved> {
  const { source, path, local } = upload;
  const stored = await storeSource(store, upload, io);
  const bytes = stored.entry.size ?? source.size ?? 0;
  if (source.size !== undefined && stored.entry.size !== undefined && stored.entry.size !== source.size) {
    throw new Failure({
      kind: 'corrupt',
      message: `${path} has ${stored.entry.size} bytes at ${store.label}, ${local} has ${source.size}`,
      subject: path,
    });
  }
  return { path, local, bytes, proof: stored.proof };
}

async function storeSource(store: ArtifactStore, upload: Upload, io: Io) {
  const { source, path, part } = upload;
  if (source.size === undefined) return uploadStream(store, path, source, io);
  const large = source.size > Math.min(PARTS_ABOVE, store.traits.maxWriteBytes);
  if (large && part && store.multipart) {
    return uploadInParts(store.multipart, path, { size: source.size, media: source.media, part }, io);
  }
  if (source.size > store.traits.maxWriteBytes) {
    throw new Failure({
      kind: 'too-large',
      message: `${upload.local} has ${source.size} bytes, ${store.label} takes at most ${store.traits.maxWriteBytes} in one object`,
      subject: path,
    });
  }
  return store.write(path, source, {}, io);
}

/**
 * Stores every upload, at most `workers` at once. One that fails never stops the others; a cancel stops all.
 * Afterwards the sizes of files that nothing proved yet are read back from the store's listing.
 */
export async function runUploads(
  store: ArtifactStore,
  uploads: readonly Upload[],
  options: { readonly workers: number; readonly observer: Observer },
  io: Io,
): Promise<Report> {
  const { observer } = options;
  observer.planned(
    uploads.length,
    uploads.reduce((sum, { source }) => sum + (source.size ?? 0), 0),
  );
  const moved: Moved[] = [];
  const lost: Lost[] = [];
  const counting: Io = { ...io, progress: (bytes) => observer.progress(bytes) };
  await forEachBounded(uploads, Math.min(options.workers, store.traits.connections), async (upload) => {
    try {
      io.signal.throwIfAborted();
      const one = await uploadOne(store, upload, counting);
      moved.push(one);
      observer.done(one);
    } catch (thrown) {
      const failed = { path: upload.path, local: upload.local, failure: asFailure(thrown, upload.path) };
      lost.push(failed);
      observer.failed(failed);
    }
  });
  const confirmed = lost.some(({ failure }) => failure.kind === 'cancelled')
    ? { moved, lost: [] }
    : await confirmSizes(store, moved, io);
  return {
    moved: confirmed.moved,
    lost: [...lost, ...confirmed.lost],
    bytes: confirmed.moved.reduce((sum, each) => sum + each.bytes, 0),
  };
}
