import type { ArtifactStore, Source, Stored } from '../artifacts/store.ts';
import type { ArtifactPath } from '../core/artifact-path.ts';
import { asFailure, Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import { confirmSizes } from './confirm-sizes.ts';
import { forEachBounded } from './pool.ts';
import { createRecord } from './record.ts';
import type { Moved, Observer, Report } from './report.ts';
import { prefersParts, uploadInParts } from './upload-parts.ts';
import { uploadStream, type StoredStream } from './upload-stream.ts';

/** One thing to store. */
export interface Upload {
  readonly path: ArtifactPath;
  /** The local file, or `-` for standard input. */
  readonly local: string;
  readonly source: Source;
  /** A range of the source as a source of its own; absent when it can only be read once. */
  readonly part?: (range: { readonly offset: number; readonly size: number }) => Source;
  /** Why it cannot be read, found while planning: it counts as a file that failed. */
  readonly trouble?: Failure;
}

async function uploadOne(store: ArtifactStore, upload: Upload, io: Io): Promise<Moved> {
  if (upload.trouble) throw upload.trouble;
  const { path, local } = upload;
  const { stored, bytes } = await storeSource(store, upload, io);
  const { size } = stored.entry;
  if (size !== undefined && size !== bytes) {
    throw new Failure({
      kind: 'corrupt',
      message: `${path} has ${size} bytes at ${store.label}, ${local} has ${bytes}`,
      hint: 'log it again; if it happens twice, a proxy between here and the store cuts or drops bodies',
      subject: path,
    });
  }
  return { path, local, bytes, proof: stored.proof };
}

async function storeSource(store: ArtifactStore, upload: Upload, io: Io): Promise<StoredStream> {
  const { size } = upload.source;
  if (size === undefined) return uploadStream(store, upload.path, upload.source, io);
  return { stored: await storeFile(store, upload, size, io), bytes: size };
}

async function storeFile(store: ArtifactStore, upload: Upload, size: number, io: Io): Promise<Stored> {
  const { source, path, part } = upload;
  const { multipart } = store;
  const { maxWriteBytes } = store.traits;
  if (part && multipart && (size > maxWriteBytes || prefersParts(size, multipart))) {
    return uploadInParts(store, multipart, path, { size, source, part }, io);
  }
  if (size > maxWriteBytes) {
    throw new Failure({
      kind: 'too-large',
      message: `${upload.local} has ${size} bytes, ${store.label} takes at most ${maxWriteBytes} in one object`,
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
  const record = createRecord(observer, io);
  const width = Math.min(options.workers, store.traits.connections);
  const send = async (upload: Upload): Promise<void> => {
    try {
      record.done(await uploadOne(store, upload, record.io));
    } catch (thrown) {
      const { path, local } = upload;
      record.failed({ path, local, failure: asFailure(thrown, path) });
    }
  };
  await forEachBounded(uploads, width, send, io.signal);
  if (io.signal.aborted) return record.report();
  return record.report(await confirmSizes(store, record.moved, io));
}
