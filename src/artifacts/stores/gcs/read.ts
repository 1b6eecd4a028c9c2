import { Readable } from 'node:stream';
import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { NetResponse } from '../../../net/net.ts';
import type { Body, Entry, Version } from '../../store.ts';
import { streamOf } from './body.ts';
import { entryOfHeaders } from './entry.ts';
import { statusOf } from './failures.ts';
import { hasChildren } from './list.ts';
import { keyOf, objectUrl, subjectOf, type Root } from './root.ts';
import { confirmBucket, statObject } from './stat.ts';

export interface Ask {
  readonly start?: number;
  readonly length?: number;
  readonly version?: Version;
}

/** One range that is read. */
interface Range {
  readonly start: number;
  readonly length: number;
  readonly version?: Version | undefined;
}

function failed(
  root: Root,
  path: ArtifactPath,
  kind: Failure['kind'],
  reason: string,
  cause?: unknown,
): Failure {
  const subject = subjectOf(root, path);
  return new Failure({ kind, message: `cannot read ${subject}: ${reason}`, subject }, cause);
}

/** A body without bytes, when the object allows one there. */
async function empty(
  root: Root,
  path: ArtifactPath,
  { start = 0, version }: Ask,
  io: Io,
  cause?: unknown,
): Promise<Body> {
  const entry = await statObject(root, path, io);
  if (!entry) throw failed(root, path, 'not-found', 'there is no such object', cause);
  if (version && entry.version?.id !== version.id) throw changed(root, path, cause);
  const { size = 0 } = entry;
  if (start > 0 && start >= size) {
    throw failed(root, path, 'invalid', `it has ${size} bytes, none at ${start}`, cause);
  }
  return { entry, start, length: 0, stream: Readable.from([], { objectMode: false }) };
}

function changed(root: Root, path: ArtifactPath, cause?: unknown): Failure {
  return failed(root, path, 'changed', 'it is another one by now', cause);
}

/** Why a read was refused, with one more question where the answer leaves it open. */
async function explain(root: Root, path: ArtifactPath, ask: Ask, thrown: unknown, io: Io): Promise<Body> {
  const status = statusOf(thrown);
  if (status === 416) {
    const body = await empty(root, path, ask, io, thrown);
    if ((body.entry.size ?? 0) === 0) return body;
  }
  if (status === 412) throw changed(root, path, thrown);
  if (status !== 404) throw thrown;
  await confirmBucket(root, io);
  const directory = await hasChildren(root, path, io);
  throw directory
    ? failed(root, path, 'wrong-kind', 'it is a directory', thrown)
    : failed(root, path, 'not-found', 'there is no such object', thrown);
}

const CONTENT_RANGE = /^bytes (\d+)-(\d+)\/(\d+)$/;

/** Bytes that the service decoded are not those that are stored, and nothing fits them. */
function isDecoded({ headers }: NetResponse): boolean {
  const stored = headers['x-goog-stored-content-encoding'] ?? 'identity';
  const given = headers['content-encoding'] ?? 'identity';
  return stored !== given;
}

/** The whole size and how many bytes of it come. */
function extentOf(
  root: Root,
  path: ArtifactPath,
  response: NetResponse,
  range: Range,
): { readonly size: number; readonly length: number } {
  if (isDecoded(response)) {
    throw failed(root, path, 'unsupported', 'the service does not give its bytes as they are stored');
  }
  const told = Number(response.headers['content-length'] ?? Number.NaN);
  const found = CONTENT_RANGE.exec(response.headers['content-range'] ?? '');
  if (response.status === 206 && found && Number(found[1]) === range.start) {
    return { size: Number(found[3]), length: Number(found[2]) - range.start + 1 };
  }
  // The range of an object was ignored: that is right only for one that fits into it.
  if (response.status === 200 && range.start === 0 && told <= range.length) {
    return { size: told, length: told };
  }
  throw failed(root, path, 'corrupt', 'the service gave another part than was asked for');
}

/** Objects: get, one range as it is stored. https://cloud.google.com/storage/docs/transcoding#using_gzip */
async function readRange(root: Root, path: ArtifactPath, range: Range, io: Io): Promise<Range & Body> {
  const { start, length, version } = range;
  const query = { alt: 'media', ...(version === undefined ? {} : { ifGenerationMatch: version.id }) };
  const response = await root.client.send(
    {
      method: 'GET',
      doing: 'read',
      subject: subjectOf(root, path),
      url: objectUrl(root, keyOf(root, path), query),
      headers: { range: `bytes=${start}-${start + length - 1}`, 'accept-encoding': 'gzip' },
    },
    io,
  );
  try {
    const extent = extentOf(root, path, response, range);
    const entry = entryOfHeaders(path, response.headers, extent.size);
    if (version && entry.version?.id !== version.id) throw changed(root, path);
    return { entry, start, length: extent.length, stream: response.body };
  } catch (thrown) {
    response.body.destroy();
    throw thrown;
  }
}

/** The first range and those after it, each of the same generation. */
async function* ranges(root: Root, first: Range & Body, length: number, io: Io): AsyncGenerator<Uint8Array> {
  const { entry, start, stream } = first;
  yield* stream as AsyncIterable<Uint8Array>;
  const end = start + length;
  for (let from = start + first.length; from < end;) {
    const wanted = Math.min(root.downloadChunkBytes, end - from);
    const next = await readRange(
      root,
      entry.path,
      { start: from, length: wanted, version: entry.version },
      io,
    );
    yield* next.stream as AsyncIterable<Uint8Array>;
    from += next.length;
  }
}

function wholeLength(entry: Entry, { start = 0, length = Number.POSITIVE_INFINITY }: Ask): number {
  return Math.min(length, (entry.size ?? 0) - start);
}

/**
 * Reads an object in ranges of `downloadChunkBytes`, as MLflow does, all of one generation. A read pinned to a version
 * asks for the live object to have that generation: on a bucket that keeps old ones, an old one is `changed` too.
 */
export async function readObject(root: Root, path: ArtifactPath, ask: Ask, io: Io): Promise<Body> {
  if (ask.length === 0) return empty(root, path, ask, io);
  const { start = 0, length = Number.POSITIVE_INFINITY, version } = ask;
  const range = { start, length: Math.min(length, root.downloadChunkBytes), version };
  let first: Range & Body;
  try {
    first = await readRange(root, path, range, io);
  } catch (thrown) {
    return explain(root, path, ask, thrown, io);
  }
  const whole = wholeLength(first.entry, ask);
  if (first.length >= whole) return first;
  const stream = streamOf(ranges(root, first, whole, io));
  // Until somebody reads, nothing else hears what becomes of the first range.
  first.stream.once('error', (error) => stream.destroy(error));
  stream.once('close', () => first.stream.destroy());
  return { ...first, length: whole, stream };
}
