import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { digestAmong } from '../../../core/checksum.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { Media } from '../../../core/media.ts';
import type { NetResponse } from '../../../net/net.ts';
import { discard } from '../../../net/read-body.ts';
import { checkPrecondition, underPrecondition, unmet } from '../../precondition.ts';
import type { Precondition, Source, Stored } from '../../store.ts';
import { checksumHeader, toHex, type Algorithm } from './digest.ts';
import { isAmazon } from './endpoint.ts';
import { md5Of, versionOf } from './entry.ts';
import { codeOf } from './failures.ts';
import { UNSIGNED, withPayload, type Payload, type PayloadRules } from './payload.ts';
import { keyOf, subjectOf, type Root } from './root.ts';
import { statObject } from './stat.ts';

/** What has to travel with every body to this root. */
export function rulesOf(root: Root): PayloadRules {
  const { plain } = root.client;
  const locked = root.extra.create['x-amz-object-lock-mode'] !== undefined;
  const wanted = new Set<Algorithm>();
  if (root.extra.checksum) wanted.add(root.extra.checksum);
  // The signed SHA-256 of plain HTTP is proof enough, save where object locking asks for a header of its own.
  else if (!plain || locked || root.integrity !== 'md5') wanted.add(root.integrity);
  return { signed: plain, integrity: [...wanted] };
}

/** Content type and encoding as MLflow guesses them; MLFLOW_S3_UPLOAD_EXTRA_ARGS wins. */
export function creationHeaders(root: Root, media: Media): Record<string, string> {
  return {
    ...(media.type === undefined ? {} : { 'content-type': media.type }),
    ...(media.encoding === undefined ? {} : { 'content-encoding': media.encoding }),
    ...root.extra.create,
    ...root.extra.access,
  };
}

export function conditionHeaders(when: Precondition | undefined): Record<string, string> {
  if (when === undefined) return {};
  return 'absent' in when ? { 'if-none-match': '*' } : { 'if-match': `"${when.version.id}"` };
}

/** Servers other than Amazon's may ignore a condition, so it is also looked at before; theirs makes it atomic. */
export async function checkCondition(
  root: Root,
  path: ArtifactPath,
  when: Precondition | undefined,
  io: Io,
): Promise<void> {
  if (isAmazon(root.client.site)) return;
  await checkPrecondition(when, subjectOf(root, path), async () => statObject(root, path, io));
}

/** Some servers take the mark that a deletion leaves in a versioned bucket for an object; nothing is there to be kept. */
async function phantomOr(root: Root, path: ArtifactPath, exists: Failure, io: Io): Promise<Failure> {
  if (await statObject(root, path, io)) return exists;
  return exists.with({
    kind: 'conflict',
    message: `${exists.facts.subject} is refused as there already, yet nothing can be read there`,
    hint: `remove the delete markers of bucket ${root.client.site.bucket}, or write without asking for absence`,
  });
}

/** Runs a conditional request; again without the condition at a server that does not know it. */
export async function conditionally<T>(
  root: Root,
  path: ArtifactPath,
  when: Precondition | undefined,
  send: (headers: Readonly<Record<string, string>>) => Promise<T>,
  io: Io,
): Promise<T> {
  const subject = subjectOf(root, path);
  try {
    return await underPrecondition(when, subject, async () => send(conditionHeaders(when)));
  } catch (thrown) {
    if (when === undefined) throw thrown;
    if ('version' in when && codeOf(thrown) === 'NoSuchKey') throw unmet(when, subject, thrown);
    if (codeOf(thrown) === 'NotImplemented') return send({});
    if (!(thrown instanceof Failure) || thrown.kind !== 'exists') throw thrown;
    throw await phantomOr(root, path, thrown, io);
  }
}

function mismatch(root: Root, path: ArtifactPath, found: string, sent: string): Failure {
  const subject = subjectOf(root, path);
  const message = `${subject} arrived with MD5 ${found}, ${sent} was sent`;
  return new Failure({ kind: 'corrupt', message, subject });
}

/** What the answer to an upload proves of the bytes that were sent. */
export function proofOf(
  root: Root,
  path: ArtifactPath,
  payload: Payload,
  headers: NetResponse['headers'],
): Stored['proof'] {
  const sent = payload.checksums();
  const md5 = digestAmong(sent, 'md5');
  const told = md5Of(headers);
  if (!payload.replayable && md5 !== undefined && told !== undefined && told !== md5) {
    throw mismatch(root, path, told, md5);
  }
  if (payload.hash !== UNSIGNED || (md5 !== undefined && told === md5)) return 'checksum';
  const echoed = sent.some(({ algorithm, value }) => {
    const echo = headers[checksumHeader(algorithm)];
    return echo !== undefined && toHex(echo) === value;
  });
  // The ETag of an object under a KMS or customer key is no MD5; the server that says so has checked Content-MD5.
  const keyed = payload.headers['content-md5'] !== undefined && told === undefined && isEncrypted(headers);
  return echoed || keyed ? 'checksum' : 'none';
}

function isEncrypted(headers: NetResponse['headers']): boolean {
  return Object.keys(headers).some((name) => name.startsWith('x-amz-server-side-encryption'));
}

/** PutObject: https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html */
export async function writeObject(
  root: Root,
  path: ArtifactPath,
  source: Source,
  when: Precondition | undefined,
  io: Io,
): Promise<Stored> {
  await checkCondition(root, path, when, io);
  return withPayload(source, rulesOf(root), root.lender, io, async (payload) =>
    putObject(root, path, { source, payload, when }, io),
  );
}

interface Put {
  readonly source: Source;
  readonly payload: Payload;
  readonly when: Precondition | undefined;
}

async function putObject(
  root: Root,
  path: ArtifactPath,
  { source, payload, when }: Put,
  io: Io,
): Promise<Stored> {
  const headers = { ...creationHeaders(root, source.media), ...root.extra.finish };
  const subject = subjectOf(root, path);
  const key = keyOf(root, path);
  const response = await conditionally(
    root,
    path,
    when,
    async (condition) =>
      root.client.send(
        { method: 'PUT', doing: 'store', subject, key, headers: { ...headers, ...condition }, payload },
        io,
      ),
    io,
  );
  discard(response);
  const proof = proofOf(root, path, payload, response.headers);
  const checksums = proof === 'checksum' ? payload.checksums() : [];
  const version = versionOf(response.headers['etag']);
  return { entry: { path, kind: 'file', size: payload.length, ...version, checksums }, proof };
}
