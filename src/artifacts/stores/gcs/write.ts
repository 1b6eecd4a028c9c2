import { randomBytes } from 'node:crypto';
import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { digestAmong } from '../../../core/checksum.ts';
import { Failure } from '../../../core/failure.ts';
import { cleanupIo, type Io } from '../../../core/io.ts';
import type { Media } from '../../../core/media.ts';
import { discard } from '../../../net/read-body.ts';
import { checkPrecondition, underPrecondition } from '../../precondition.ts';
import type { Entry, Precondition, Source, Stored } from '../../store.ts';
import { streamOf, withContent, type Content } from './body.ts';
import type { Outgoing } from './client.ts';
import { entryOf, FIELDS, toBase64, type Resource } from './entry.ts';
import { statusOf } from './failures.ts';
import { keyOf, objectUrl, subjectOf, uploadUrl, type Root } from './root.ts';
import { confirmBucket, statObject } from './stat.ts';

const BINARY = 'application/octet-stream';

/**
 * The content type that MLflow guesses. No content encoding: Google would then decode what it gives to clients that do
 * not ask for it as stored, and MLflow's own store sets none either.
 */
export function typeOf(media: Media): string {
  return media.type ?? BINARY;
}

/** https://cloud.google.com/storage/docs/request-preconditions; generation 0 stands for "absent". */
export function conditionQuery(when: Precondition | undefined): Record<string, string> {
  if (when === undefined) return {};
  return { ifGenerationMatch: 'absent' in when ? '0' : when.version.id };
}

/** Endpoints other than Google's may ignore a condition, so it is also looked at before. */
export async function checkCondition(
  root: Root,
  path: ArtifactPath,
  when: Precondition | undefined,
  io: Io,
): Promise<void> {
  if (root.client.google) return;
  await checkPrecondition(when, subjectOf(root, path), async () => statObject(root, path, io));
}

/** Runs an upload's request: an unmet condition and an absent bucket get their own failures. */
export async function uploading<T>(
  root: Root,
  path: ArtifactPath,
  when: Precondition | undefined,
  io: Io,
  send: () => Promise<T>,
): Promise<T> {
  try {
    return await underPrecondition(when, subjectOf(root, path), send);
  } catch (thrown) {
    if (statusOf(thrown) === 404) await confirmBucket(root, io);
    throw thrown;
  }
}

/** Takes back an object that is not what was sent, unless it is another one by now. */
async function withdraw(root: Root, path: ArtifactPath, entry: Entry, io: Io): Promise<void> {
  const { version } = entry;
  if (version === undefined) return;
  const url = objectUrl(root, keyOf(root, path), { ifGenerationMatch: version.id });
  const call = { method: 'DELETE', doing: 'take back', subject: subjectOf(root, path), url } as const;
  try {
    discard(await root.client.send({ ...call, accept: [404, 412] }, cleanupIo(io)));
  } catch (thrown) {
    io.trace?.('withdraw-failed', { reason: thrown instanceof Error ? thrown.message : String(thrown) });
  }
}

/**
 * The answer of a finished upload, compared with what was sent.
 * @throws Failure corrupt when size or CRC32C differ; the object is removed again
 */
export async function confirmStored(
  root: Root,
  path: ArtifactPath,
  resource: Resource,
  sent: { readonly size: number; readonly crc32c: string | undefined },
  io: Io,
): Promise<Stored> {
  const entry = entryOf(path, resource);
  const told = digestAmong(entry.checksums, 'crc32c');
  const differs = told !== undefined && sent.crc32c !== undefined && told !== sent.crc32c;
  if (entry.size === sent.size && !differs) {
    return { entry, proof: told !== undefined && sent.crc32c !== undefined ? 'checksum' : 'size' };
  }
  await withdraw(root, path, entry, io);
  const subject = subjectOf(root, path);
  const found = `${entry.size ?? 0} bytes with CRC32C ${told ?? 'unknown'}`;
  throw new Failure({
    kind: 'corrupt',
    message: `${subject} arrived as ${found}; ${sent.size} bytes with ${sent.crc32c ?? 'unknown'} were sent`,
    subject,
    retry: 'later',
  });
}

/** Metadata and bytes in one body: https://cloud.google.com/storage/docs/uploading-objects (multipart/related). */
function related(content: Content, media: Media): { readonly boundary: string; readonly body: Outgoing } {
  const boundary = randomBytes(18).toString('hex');
  const crc32c = content.crc32c();
  const metadata = JSON.stringify({
    contentType: typeOf(media),
    ...(crc32c === undefined ? {} : { crc32c: toBase64(crc32c) }),
  });
  const head = Buffer.from(
    `--${boundary}\r\ncontent-type: application/json; charset=UTF-8\r\n\r\n${metadata}\r\n` +
      `--${boundary}\r\ncontent-type: ${typeOf(media)}\r\n\r\n`,
  );
  const tail = Buffer.from(`\r\n--${boundary}--\r\n`);
  const chunks = async function* (io: Io): AsyncGenerator<Uint8Array> {
    yield head;
    yield* content.chunks(io);
    yield tail;
  };
  const length = head.byteLength + content.length + tail.byteLength;
  const body = { length, replayable: content.replayable, open: (io: Io) => streamOf(chunks(io)) };
  return { boundary, body };
}

/**
 * Objects: insert in one request, with the CRC32C that the service checks before it keeps anything.
 * https://cloud.google.com/storage/docs/json_api/v1/objects/insert
 */
export async function writeObject(
  root: Root,
  path: ArtifactPath,
  source: Source,
  when: Precondition | undefined,
  io: Io,
): Promise<Stored> {
  await checkCondition(root, path, when, io);
  return withContent(source, root.lender, io, async (content) =>
    insert(root, path, { content, media: source.media, when }, io),
  );
}

interface Insertion {
  readonly content: Content;
  readonly media: Media;
  readonly when: Precondition | undefined;
}

async function insert(
  root: Root,
  path: ArtifactPath,
  { content, media, when }: Insertion,
  io: Io,
): Promise<Stored> {
  const { boundary, body } = related(content, media);
  const name = keyOf(root, path);
  const url = uploadUrl(root, { uploadType: 'multipart', name, fields: FIELDS, ...conditionQuery(when) });
  const resource = await uploading(root, path, when, io, async () =>
    root.client.ask(
      {
        method: 'POST',
        doing: 'store',
        subject: subjectOf(root, path),
        url,
        headers: { 'content-type': `multipart/related; boundary=${boundary}` },
        body,
      },
      io,
    ),
  );
  return confirmStored(root, path, resource, { size: content.length, crc32c: content.crc32c() }, io);
}
