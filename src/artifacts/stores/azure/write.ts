import type { BlobHTTPHeaders, BlobRequestConditions, HttpRequestBody } from '@azure/storage-blob';
import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { digestAmong } from '../../../core/checksum.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { Media } from '../../../core/media.ts';
import type { Precondition, Source, Stored } from '../../store.ts';
import { etagOf, md5Of, versionOf } from './entry.ts';
import { isNoBlob, statusOf } from './failures.ts';
import { withPayload, type Payload } from './payload.ts';
import { blobOf, call, subjectOf, type Root } from './root.ts';

/** Hex as the bytes that the SDK takes. */
export function digestBytes(hex: string): Uint8Array {
  return Buffer.from(hex, 'hex');
}

/** Content types of compressed files, by what MLflow's guess calls their encoding. */
const COMPRESSED: Readonly<Record<string, string>> = {
  gzip: 'application/gzip',
  bzip2: 'application/x-bzip2',
  xz: 'application/x-xz',
  compress: 'application/x-compress',
};

/**
 * The content type, and the MD5 that looking and listing will tell. No content encoding: MLflow's client, which stores
 * none, would unpack such a blob when it downloads it.
 */
export function blobHeaders({ type, encoding }: Media, md5: string | undefined): BlobHTTPHeaders {
  const blobContentType = encoding === undefined ? type : COMPRESSED[encoding];
  return {
    ...(blobContentType === undefined ? {} : { blobContentType }),
    ...(md5 === undefined ? {} : { blobContentMD5: digestBytes(md5) }),
  };
}

export function conditionsOf(when: Precondition | undefined): BlobRequestConditions {
  if (when === undefined) return {};
  return 'absent' in when ? { ifNoneMatch: '*' } : { ifMatch: etagOf(when.version) };
}

/** What a refused condition means: `exists`, `changed`, or the failure as it is. */
export function unmet(
  root: Root,
  path: ArtifactPath,
  when: Precondition | undefined,
  thrown: unknown,
): unknown {
  const subject = subjectOf(root, path);
  const status = statusOf(thrown);
  if (when === undefined) return thrown;
  if ('absent' in when) {
    const there = (status === 409 && thrown instanceof Failure && thrown.kind === 'exists') || status === 412;
    return there
      ? new Failure({ kind: 'exists', message: `${subject} is there already`, subject }, thrown)
      : thrown;
  }
  return status === 412 || isNoBlob(thrown)
    ? new Failure({ kind: 'changed', message: `${subject} is another one by now`, subject }, thrown)
    : thrown;
}

/** A body as the SDK passes it on. Progress of one in memory is told once it arrived. */
export async function openBody(payload: Payload, io: Io): Promise<HttpRequestBody> {
  return await payload.open(io);
}

function mismatch(root: Root, path: ArtifactPath, found: string, sent: string): Failure {
  const subject = subjectOf(root, path);
  const message = `${subject} arrived with MD5 ${found}, ${sent} was sent`;
  return new Failure({ kind: 'corrupt', message, subject });
}

/**
 * Put Blob: https://learn.microsoft.com/rest/api/storageservices/put-blob
 * The service checks the MD5 that travels along, and tells the one that it computed.
 */
export async function writeBlob(
  root: Root,
  path: ArtifactPath,
  source: Source,
  when: Precondition | undefined,
  io: Io,
): Promise<Stored> {
  return withPayload(source, { lender: root.lender }, io, async (payload) =>
    putBlob(root, path, { source, payload, when }, io),
  );
}

interface Put {
  readonly source: Source;
  readonly payload: Payload;
  readonly when: Precondition | undefined;
}

async function putBlob(
  root: Root,
  path: ArtifactPath,
  { source, payload, when }: Put,
  io: Io,
): Promise<Stored> {
  const body = await openBody(payload, io);
  const blobHTTPHeaders = blobHeaders(source.media, payload.md5);
  let answer;
  try {
    const { value } = await call(root, path, 'store', io, async (abortSignal) =>
      blobOf(root, path).upload(body, payload.length, {
        abortSignal,
        blobHTTPHeaders,
        conditions: conditionsOf(when),
      }),
    );
    answer = value;
  } catch (thrown) {
    throw unmet(root, path, when, thrown);
  }
  if (body instanceof Uint8Array) io.progress?.(body.byteLength);
  const sent = digestAmong(payload.sent(), 'md5');
  const told = md5Of(answer.contentMD5)[0]?.value;
  if (told !== undefined && sent !== undefined && told !== sent) throw mismatch(root, path, told, sent);
  const proven = sent !== undefined && (told === sent || payload.md5 === sent);
  return {
    entry: {
      path,
      kind: 'file',
      size: payload.length,
      ...(answer.lastModified === undefined ? {} : { modified: answer.lastModified }),
      ...versionOf(answer.etag),
      checksums: proven ? [{ algorithm: 'md5', value: sent, scope: 'whole' }] : [],
    },
    proof: proven ? 'checksum' : 'none',
  };
}
