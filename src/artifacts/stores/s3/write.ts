import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { Media } from '../../../core/media.ts';
import type { NetResponse } from '../../../net/net.ts';
import type { Precondition, Source, Stored } from '../../store.ts';
import { discard } from './client.ts';
import { checksumHeader, digestOf, toHex, type Algorithm } from './digest.ts';
import { isAmazon } from './endpoint.ts';
import { md5Of, versionOf } from './entry.ts';
import { codeOf, statusOf } from './failures.ts';
import { payloadOf, UNSIGNED, type Payload, type PayloadRules } from './payload.ts';
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

function unmet(root: Root, path: ArtifactPath, when: Precondition, cause?: unknown): Failure {
  const subject = subjectOf(root, path);
  return 'absent' in when
    ? new Failure({ kind: 'exists', message: `${subject} is there already`, subject }, cause)
    : new Failure({ kind: 'changed', message: `${subject} is another one by now`, subject }, cause);
}

/** Servers other than Amazon's may ignore a condition, so it is also looked at before; theirs makes it atomic. */
export async function checkCondition(
  root: Root,
  path: ArtifactPath,
  when: Precondition | undefined,
  io: Io,
): Promise<void> {
  if (when === undefined || isAmazon(root.client.site)) return;
  const entry = await statObject(root, path, io);
  const met = 'absent' in when ? entry === undefined : entry?.version?.id === when.version.id;
  if (!met) throw unmet(root, path, when);
}

/** Runs a conditional request; again without the condition at a server that does not know it. */
export async function conditionally<T>(
  root: Root,
  path: ArtifactPath,
  when: Precondition | undefined,
  send: (headers: Readonly<Record<string, string>>) => Promise<T>,
): Promise<T> {
  try {
    return await send(conditionHeaders(when));
  } catch (thrown) {
    if (when === undefined) throw thrown;
    if (statusOf(thrown) === 412) throw unmet(root, path, when, thrown);
    if ('version' in when && codeOf(thrown) === 'NoSuchKey') throw unmet(root, path, when, thrown);
    if (codeOf(thrown) === 'NotImplemented') return send({});
    throw thrown;
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
  const md5 = digestOf(sent, 'md5');
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
  const payload = await payloadOf(source, rulesOf(root), io);
  const headers = { ...creationHeaders(root, source.media), ...root.extra.finish };
  const response = await conditionally(root, path, when, async (condition) =>
    root.client.send(
      {
        method: 'PUT',
        doing: 'store',
        subject: subjectOf(root, path),
        key: keyOf(root, path),
        headers: { ...headers, ...condition },
        payload,
      },
      io,
    ),
  );
  discard(response);
  const proof = proofOf(root, path, payload, response.headers);
  const checksums = proof === 'checksum' ? payload.checksums() : [];
  const version = versionOf(response.headers['etag']);
  return { entry: { path, kind: 'file', size: payload.length, ...version, checksums }, proof };
}
