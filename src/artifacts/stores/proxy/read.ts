import type { Readable } from 'node:stream';
import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { NetResponse } from '../../../net/net.ts';
import { answeredBody } from '../../bodies.ts';
import type { Body, Entry, Version } from '../../store.ts';
import { objectUrl } from './address.ts';
import { readAnswer, send, subjectOf, type ProxyClient } from './client.ts';
import { strangeAnswer } from './failures.ts';
import { refuseTrouble } from './name-trouble.ts';
import { isDirectoryFailure, statObject } from './stat.ts';

/** Which part of an object is wanted. */
export interface Part {
  readonly start?: number;
  readonly length?: number;
  readonly version?: Version;
}

const CONTENT_RANGE = /^bytes (\d+)-\d+\/(\d+|\*)$/;
const UNSATISFIED = /^bytes \*\/(\d+)$/;
const DOING = 'read';

function isPart({ start = 0, length }: Part): boolean {
  return start > 0 || length !== undefined;
}

/** The header that asks for a part; none for the whole. */
export function rangeOf(part: Part): Record<string, string> {
  if (!isPart(part)) return {};
  const { start = 0, length } = part;
  return { range: `bytes=${start}-${length === undefined ? '' : start + length - 1}` };
}

/** The failure of a read that this server cannot do. */
export function unsupported(subject: string, reason: string): Failure {
  return new Failure({ kind: 'unsupported', message: `cannot read ${subject}: ${reason}`, subject });
}

/** Where the body starts, and the size of the whole object if it is told. */
export function extentOf(
  response: NetResponse,
  part: Part,
  subject: string,
): { start: number; size?: number } {
  if (response.status !== 206) {
    if (isPart(part)) throw unsupported(subject, 'the server gives it only as a whole');
    const told = response.headers['content-length'];
    return { start: 0, ...(told === undefined ? {} : { size: Number(told) }) };
  }
  const [, from, whole] = CONTENT_RANGE.exec(response.headers['content-range'] ?? '') ?? [];
  if (Number(from) !== (part.start ?? 0)) {
    const message = `the server gave another part of ${subject} than was asked for`;
    throw new Failure({ kind: 'corrupt', message, subject });
  }
  return { start: Number(from), ...(whole === '*' ? {} : { size: Number(whole) }) };
}

/** MLflow names every artifact in Content-Disposition; a page without is a login form or a proxy's own. */
async function refuseForeign(response: NetResponse, subject: string): Promise<void> {
  const { headers } = response;
  const page = /^text\/html\b/i.test(headers['content-type'] ?? '');
  if (page && headers['content-disposition'] === undefined) {
    throw strangeAnswer(await readAnswer(response), { doing: DOING, subject });
  }
  const encoding = headers['content-encoding'] ?? 'identity';
  if (encoding === 'identity') return;
  throw new Failure({
    kind: 'misconfigured',
    message: `cannot read ${subject}: a proxy in front of ${response.url.host} sends it as ${encoding}, not as it is stored`,
    subject,
    hint: 'switch compression off for /api/2.0/mlflow-artifacts (nginx: `gzip off;`)',
  });
}

/** Waits for the first byte without taking it; false when the body ends before one. */
async function hasBytes(body: Readable): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const stop = () => body.off('readable', ready).off('error', failed);
    const ready = () => {
      stop();
      resolve(body.readableLength > 0);
    };
    const failed = (error: Error) => {
      stop();
      reject(error);
    };
    body.on('readable', ready).on('error', failed);
  });
}

/** The failure of a read of nothing. */
export function absent(subject: string, cause?: unknown): Failure {
  const message = `cannot read ${subject}: there is no such artifact`;
  return new Failure({ kind: 'not-found', message, subject }, cause);
}

/**
 * What a failed read was about: servers with a remote store answer 500 for a missing object, those with a local one 400
 * for a directory, so the listing decides.
 */
async function explain(client: ProxyClient, path: ArtifactPath, failure: Failure, io: Io): Promise<Failure> {
  const subject = subjectOf(client, path);
  let entry;
  try {
    entry = await statObject(client, path, io);
  } catch {
    return failure;
  }
  if (entry?.kind === 'directory') return isDirectoryFailure(client, path, DOING);
  if (entry) return failure;
  return absent(subject, failure);
}

/** The failure of a read that starts behind the end; `known`: the object's size, if the answer does not tell it. */
export function beyond(
  subject: string,
  { start = 0 }: Part,
  { headers }: Pick<NetResponse, 'headers'>,
  known?: number,
): Failure {
  const size = UNSATISFIED.exec(headers['content-range'] ?? '')?.[1] ?? known;
  const has = size === undefined ? 'it ends before that' : `it has ${size} bytes`;
  return new Failure({
    kind: 'invalid',
    message: `cannot read ${subject} from byte ${start}: ${has}`,
    subject,
  });
}

async function open(client: ProxyClient, path: ArtifactPath, part: Part, io: Io): Promise<NetResponse> {
  const subject = subjectOf(client, path);
  const call = {
    method: 'GET',
    doing: DOING,
    subject,
    url: objectUrl(client.address, path),
    headers: rangeOf(part),
    refused: (response: NetResponse) =>
      response.status === 416 ? beyond(subject, part, response) : undefined,
  } as const;
  let response: NetResponse;
  try {
    response = await send(client, call, io);
  } catch (thrown) {
    const leavesOpen = thrown instanceof Failure && [400, 500].includes(thrown.facts.vendor?.status ?? 0);
    throw leavesOpen ? await explain(client, path, thrown, io) : thrown;
  }
  if (response.headers['content-length'] === undefined) await checkEmpty(client, path, response, io);
  return response;
}

/**
 * A server with a remote store ends the body of a directory, or of an object that it could not read after all, at once
 * and as if it were whole (chunked, without an error). So an empty body of unknown length has to be confirmed; a shorter
 * one shows only when the reader compares it with the listed size.
 */
async function checkEmpty(
  client: ProxyClient,
  path: ArtifactPath,
  response: NetResponse,
  io: Io,
): Promise<void> {
  if (await hasBytes(response.body)) return;
  const subject = subjectOf(client, path);
  const entry = await statObject(client, path, io);
  if (!entry) throw absent(subject);
  if (entry.kind === 'directory') throw isDirectoryFailure(client, path, DOING);
  if (entry.size === 0) return;
  throw new Failure({
    kind: 'unavailable',
    message: `cannot read ${subject}: the server sent none of its ${entry.size ?? 0} bytes`,
    subject,
    retry: 'later',
  });
}

/**
 * GET of one artifact, as stored. Parts are asked for, and given only if the server answers 206: servers with a remote
 * store send the whole.
 * @throws Failure not-found, wrong-kind, invalid (beyond the end), unsupported (a part of a server that gives none)
 */
export async function readObject(client: ProxyClient, path: ArtifactPath, part: Part, io: Io): Promise<Body> {
  const subject = subjectOf(client, path);
  refuseTrouble(client.address, path, subject);
  if (part.version) throw unsupported(subject, 'the server tells no versions');
  const response = await open(client, path, part, io);
  try {
    await refuseForeign(response, subject);
    const { start, size } = extentOf(response, part, subject);
    const told = response.headers['content-length'];
    const entry: Entry = { path, kind: 'file', ...(size === undefined ? {} : { size }), checksums: [] };
    const length = told === undefined ? {} : { length: Number(told) };
    return answeredBody({ entry, start, ...length }, response);
  } catch (thrown) {
    response.body.destroy();
    throw thrown;
  }
}
