import { Readable } from 'node:stream';
import type { BlobDownloadResponseModel } from '@azure/storage-blob';
import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { Body, Entry, Version } from '../../store.ts';
import { entryOf, etagOf } from './entry.ts';
import { isNoBlob, statusOf } from './failures.ts';
import { hasChildren } from './list.ts';
import { blobOf, call, subjectOf, type Root } from './root.ts';
import { statBlob } from './stat.ts';

export interface Ask {
  readonly start?: number;
  readonly length?: number;
  readonly version?: Version;
}

function failed(
  root: Root,
  path: ArtifactPath,
  kind: 'not-found' | 'wrong-kind' | 'corrupt',
  reason: string,
): Failure {
  const subject = subjectOf(root, path);
  return new Failure({ kind, message: `cannot read ${subject}: ${reason}`, subject });
}

function beyond(root: Root, path: ArtifactPath, start: number, entry: Entry): Failure {
  const subject = subjectOf(root, path);
  const message = `cannot read ${subject} from byte ${start}: it has ${entry.size ?? 0} bytes`;
  return new Failure({ kind: 'invalid', message, subject });
}

/** No bytes of what is there, or why not even those. */
async function empty(root: Root, path: ArtifactPath, { start = 0 }: Ask, io: Io): Promise<Body> {
  const entry = await statBlob(root, path, io);
  if (!entry) throw failed(root, path, 'not-found', 'there is no such blob');
  if (start > 0 && start >= (entry.size ?? 0)) throw beyond(root, path, start, entry);
  return { entry, start, length: 0, stream: Readable.from([], { objectMode: false }) };
}

/** Why a read was refused, with one more question where the answer leaves it open. */
async function explain(root: Root, path: ArtifactPath, ask: Ask, thrown: unknown, io: Io): Promise<Body> {
  // A part of a blob without bytes is refused as well.
  if (statusOf(thrown) === 416) return empty(root, path, ask, io);
  if (isNoBlob(thrown) && (await hasChildren(root, path, io))) {
    throw failed(root, path, 'wrong-kind', 'it is a directory');
  }
  throw thrown;
}

/** The whole size in bytes, from `Content-Range` where the answer is a part. */
function sizeOf(range: string | undefined, length: number | undefined): number | undefined {
  const [, whole] = /\/(\d+)$/.exec(range ?? '') ?? [];
  return whole === undefined ? length : Number(whole);
}

async function ask(root: Root, path: ArtifactPath, { start = 0, length, version }: Ask, io: Io) {
  const conditions = version === undefined ? {} : { ifMatch: etagOf(version) };
  return call(root, path, 'read', io, async (abortSignal) =>
    blobOf(root, path).download(start, length, { abortSignal, conditions }),
  );
}

/** Where an answer starts, in bytes; one that is whole starts at 0. */
function startOf(range: string | undefined): number {
  return Number(/^bytes (\d+)-/.exec(range ?? '')?.[1] ?? 0);
}

function describe(path: ArtifactPath, value: BlobDownloadResponseModel): Entry {
  const { contentRange, blobContentMD5, contentLength, etag, lastModified, metadata } = value;
  // The digest of an answer in part is one of that part; the blob's own comes beside it.
  const contentMD5 = contentRange === undefined ? (blobContentMD5 ?? value.contentMD5) : blobContentMD5;
  return entryOf(path, { etag, lastModified, metadata, contentMD5 }, sizeOf(contentRange, contentLength));
}

/** Get Blob: https://learn.microsoft.com/rest/api/storageservices/get-blob */
export async function readBlob(root: Root, path: ArtifactPath, asked: Ask, io: Io): Promise<Body> {
  if (asked.length === 0) return empty(root, path, asked, io);
  let done;
  try {
    done = await ask(root, path, asked, io);
  } catch (thrown) {
    return explain(root, path, asked, thrown, io);
  }
  const { value, body } = done;
  if (!body) throw failed(root, path, 'corrupt', 'the service answered without a body');
  try {
    const { start = 0 } = asked;
    if (startOf(value.contentRange) !== start) {
      throw failed(root, path, 'corrupt', 'the service gave another part than was asked for');
    }
    const entry = describe(path, value);
    if (entry.kind === 'directory') throw failed(root, path, 'wrong-kind', 'it is a directory');
    // Azurite gives no bytes where Azure refuses.
    if (start > 0 && start >= (entry.size ?? Infinity)) throw beyond(root, path, start, entry);
    const length = value.contentLength === undefined ? {} : { length: value.contentLength };
    return { entry, start, ...length, stream: body };
  } catch (thrown) {
    body.destroy();
    throw thrown;
  }
}
