import { gcsStoreAt } from '../../../testbeds/fake-gcs.ts';
import { startListener, type Listener, type Recorded } from '../../../testbeds/listener.ts';
import type { ServerResponse } from 'node:http';
import type { ArtifactStore, Source, UploadSession } from '../../../../src/artifacts/store.ts';
import { bytesSource } from '../../../../src/artifacts/sources.ts';
import { parseArtifactPath } from '../../../../src/core/artifact-path.ts';
import { createTally } from '../../../../src/core/hash.ts';
import type { Io } from '../../../../src/core/io.ts';

export const KIB_256 = 256 * 1024;
export const io: Io = { signal: new AbortController().signal };
export const at = parseArtifactPath;

const SESSION = '/upload/storage/v1/b/bucket/o?uploadType=resumable&name=file&upload_id=SECRET-ID';

/** CRC32C as Google writes it. */
export function crc32cOf(bytes: Uint8Array): string {
  const tally = createTally(['crc32c']);
  tally.add(bytes);
  return Buffer.from(tally.checksums()[0]?.value ?? '', 'hex').toString('base64');
}

/** Bytes that differ everywhere. */
export function someBytes(size: number): Buffer {
  return Buffer.from(Array.from({ length: size }, (_, i) => (i * 31 + (i >> 8)) & 0xff));
}

/** The resource of an object, as the service answers a finished upload. */
export function resourceOf(bytes: Uint8Array, generation = '17'): string {
  return JSON.stringify({
    name: 'file',
    size: String(bytes.byteLength),
    generation,
    updated: '2026-01-02T03:04:05.678Z',
    crc32c: crc32cOf(bytes),
  });
}

/** 308 with what is kept; without a byte kept there is no Range header. */
export function incomplete(response: ServerResponse, kept: number): void {
  response.writeHead(308, kept === 0 ? {} : { range: `bytes=0-${kept - 1}` }).end();
}

export function done(response: ServerResponse, bytes: Uint8Array, generation?: string): void {
  response.writeHead(200, { 'content-type': 'application/json' }).end(resourceOf(bytes, generation));
}

export function refuse(response: ServerResponse, status: number, reason: string): void {
  const error = { code: status, message: reason, errors: [{ reason, message: reason }] };
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ error }));
}

/** What one answer of the played service does. */
export type Step = (request: Recorded, response: ServerResponse) => void;

/** A listener that plays a service: it begins sessions itself, each further request gets the next step. */
export interface Played extends Listener {
  readonly store: ArtifactStore;
  /** `Content-Range` of the session's requests, in order. */
  ranges(): readonly string[];
}

export async function play(steps: readonly Step[]): Promise<Played> {
  const left = [...steps];
  const listener = await startListener((request, response) => {
    if (request.method === 'POST' && request.url.includes('uploadType=resumable')) {
      response.writeHead(200, { location: `https://elsewhere.example.com${SESSION}` }).end();
      return;
    }
    const step = left.shift();
    if (step) step(request, response);
    else refuse(response, 400, 'notExpected');
  });
  return {
    ...listener,
    requests: listener.requests,
    store: await gcsStoreAt(listener.url, 'bucket', '', { uploadChunkSize: KIB_256 }),
    ranges: () =>
      listener.requests
        .filter(({ method }) => method === 'PUT')
        .map(({ headers }) => headers['content-range'] ?? ''),
  };
}

/** Begins an upload of `file`. */
export async function begin(store: ArtifactStore): Promise<UploadSession> {
  return store.multipart!.begin(at('file'), { partBytes: KIB_256, media: { type: 'text/plain' } }, io);
}

/** A part of bytes, and where it lies. */
export function partOf(
  bytes: Buffer,
  number: number,
  from: number,
  to: number,
): { readonly part: { number: number; offset: number; size: number }; readonly source: Source } {
  return { part: { number, offset: from, size: to - from }, source: bytesSource(bytes.subarray(from, to)) };
}
