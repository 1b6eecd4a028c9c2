import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import { Readable } from 'node:stream';
import type { Io } from '../../../core/io.ts';
import type { NetResponse } from '../../../net/net.ts';
import { answeredBody } from '../../bodies.ts';
import type { Body, Entry, Version } from '../../store.ts';
import { entryOf } from './entry.ts';
import { refusesHeaders, statusOf } from './failures.ts';
import { hasChildren } from './list.ts';
import { keyOf, subjectOf, type Root } from './root.ts';
import { statObject } from './stat.ts';

export interface Ask {
  readonly start?: number;
  readonly length?: number;
  readonly version?: Version;
}

function rangeOf({ start = 0, length }: Ask): Record<string, string> {
  if (start === 0 && length === undefined) return {};
  return { range: `bytes=${start}-${length === undefined ? '' : start + length - 1}` };
}

function absent(root: Root, path: ArtifactPath, cause?: unknown): Failure {
  const subject = subjectOf(root, path);
  return new Failure(
    { kind: 'not-found', message: `cannot read ${subject}: there is no such object`, subject },
    cause,
  );
}

async function empty(root: Root, path: ArtifactPath, ask: Ask, io: Io): Promise<Body> {
  const entry = await statObject(root, path, io);
  if (!entry) throw absent(root, path);
  const { start = 0 } = ask;
  if (start > 0 && start >= (entry.size ?? 0)) throw beyond(root, path, start, entry);
  return { entry, start, length: 0, stream: Readable.from([], { objectMode: false }) };
}

function beyond(root: Root, path: ArtifactPath, start: number, entry: Entry): Failure {
  const subject = subjectOf(root, path);
  const message = `cannot read ${subject} from byte ${start}: it has ${entry.size ?? 0} bytes`;
  return new Failure({ kind: 'invalid', message, subject });
}

/** Why a read was refused, with one more question where the answer leaves it open. */
async function explain(root: Root, path: ArtifactPath, ask: Ask, thrown: unknown, io: Io): Promise<Body> {
  const status = statusOf(thrown);
  if (status === 416) {
    const entry = await statObject(root, path, io);
    if (!entry) throw absent(root, path, thrown);
    const { start = 0 } = ask;
    if (start > 0 || (entry.size ?? 0) > 0) throw beyond(root, path, start, entry);
    return { entry, start: 0, length: 0, stream: Readable.from([], { objectMode: false }) };
  }
  if (status === 404 && thrown instanceof Failure && thrown.facts.vendor?.code === 'NoSuchKey') {
    if (await hasChildren(root, path, io)) {
      const subject = subjectOf(root, path);
      throw new Failure(
        { kind: 'wrong-kind', message: `cannot read ${subject}: it is a directory`, subject },
        thrown,
      );
    }
  }
  throw thrown;
}

const CONTENT_RANGE = /^bytes (\d+)-(\d+)\/(\d+|\*)$/;

/** The start and the whole size that an answer tells; a server that ignored the range is found out here. */
function placeOf(
  response: NetResponse,
  ask: Ask,
  subject: string,
): { readonly start: number; readonly size?: number } {
  const { start = 0, length } = ask;
  const told = response.headers['content-length'];
  const given = told === undefined ? undefined : Number(told);
  if (response.status !== 206) {
    const whole = start === 0 && (length === undefined || (given !== undefined && given <= length));
    if (whole) return { start: 0, ...(given === undefined ? {} : { size: given }) };
    throw new Failure({
      kind: 'unsupported',
      message: `the server gives ${subject} only as a whole`,
      subject,
    });
  }
  const found = CONTENT_RANGE.exec(response.headers['content-range'] ?? '');
  if (!found || Number(found[1]) !== start) {
    throw new Failure({
      kind: 'corrupt',
      message: `the server gave another part of ${subject} than was asked for`,
      subject,
    });
  }
  return found[3] === '*' ? { start } : { start, size: Number(found[3]) };
}

/** A checksum of a part is not one of the object. */
function describe(path: ArtifactPath, response: NetResponse, size: number | undefined): Entry {
  const entry = entryOf(path, response.headers, size);
  const md5 = entry.checksums.filter(({ algorithm }) => algorithm === 'md5');
  return response.status === 206 ? { ...entry, checksums: md5 } : entry;
}

/** Buckets whose server refused to be asked for checksums (Backblaze B2 before 2025). */
const mute = new WeakSet<Root['client']>();

async function get(root: Root, path: ArtifactPath, ask: Ask, io: Io): Promise<NetResponse> {
  const range = rangeOf(ask);
  const match = ask.version === undefined ? {} : { 'if-match': `"${ask.version.id}"` };
  const send = async (more: Readonly<Record<string, string>>): Promise<NetResponse> => {
    const headers = { ...root.extra.access, ...range, ...match, ...more };
    const [subject, key] = [subjectOf(root, path), keyOf(root, path)];
    return root.client.send({ method: 'GET', doing: 'read', subject, key, headers }, io);
  };
  // Of a part nobody tells the checksum of the whole.
  if (range['range'] !== undefined || mute.has(root.client)) return send({});
  try {
    return await send({ 'x-amz-checksum-mode': 'ENABLED' });
  } catch (thrown) {
    if (!refusesHeaders(thrown)) throw thrown;
    const response = await send({});
    mute.add(root.client);
    return response;
  }
}

/** GetObject: https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObject.html */
export async function readObject(root: Root, path: ArtifactPath, ask: Ask, io: Io): Promise<Body> {
  if (ask.length === 0) return empty(root, path, ask, io);
  const subject = subjectOf(root, path);
  let response;
  try {
    response = await get(root, path, ask, io);
  } catch (thrown) {
    return explain(root, path, ask, thrown, io);
  }
  try {
    const { start, size } = placeOf(response, ask, subject);
    const told = response.headers['content-length'];
    const length = told === undefined ? {} : { length: Number(told) };
    return answeredBody({ entry: describe(path, response, size), start, ...length }, response);
  } catch (thrown) {
    response.body.destroy();
    throw thrown;
  }
}
