import type { ArtifactPath } from '../../../../core/artifact-path.ts';
import { Failure } from '../../../../core/failure.ts';
import type { Io } from '../../../../core/io.ts';
import type { NetResponse } from '../../../../net/net.ts';
import { answeredBody } from '../../../bodies.ts';
import type { Body, Entry, Version } from '../../../store.ts';
import { hdfsFailure } from '../failures.ts';
import { isHidden } from '../names.ts';
import { askDataNode, placeOf, subjectOf, type WebHdfsClient } from './client.ts';
import { statPath } from './status.ts';

/** Which part of a file is wanted. */
export interface Part {
  readonly start?: number;
  readonly length?: number;
  readonly version?: Version;
}

function absent(subject: string, cause?: unknown): Failure {
  const message = `cannot read ${subject}: there is no such file`;
  return new Failure({ kind: 'not-found', message, subject }, cause);
}

/** Why nothing can be read from what a path is now; undefined when it can. */
function refusal(
  entry: Entry | undefined,
  { start = 0, version }: Part,
  subject: string,
): Failure | undefined {
  if (!entry) return absent(subject);
  if (entry.kind !== 'file') {
    const what = entry.kind === 'directory' ? 'a directory' : 'no file';
    return hdfsFailure('wrong-kind', subject, `cannot read ${subject}: it is ${what}`);
  }
  if (version && version.id !== entry.version?.id) {
    return hdfsFailure('changed', subject, `${subject} is no longer what it was`);
  }
  const size = entry.size ?? 0;
  if (start === 0 || start < size) return undefined;
  return hdfsFailure('invalid', subject, `cannot read ${subject} from byte ${start}: it has ${size} bytes`);
}

async function open(client: WebHdfsClient, path: ArtifactPath, part: Part, io: Io): Promise<NetResponse> {
  const subject = subjectOf(client, path);
  const { start = 0, length } = part;
  const query = {
    ...(start > 0 ? { offset: String(start) } : {}),
    ...(length === undefined ? {} : { length: String(length) }),
  };
  const call = {
    method: 'GET',
    op: 'OPEN',
    doing: 'read',
    path: placeOf(client, path),
    subject,
    query,
  } as const;
  try {
    return await askDataNode(client, call, undefined, io);
  } catch (thrown) {
    // A directory, an offset past the end and an absent file are refused alike by some versions.
    const told = thrown instanceof Failure && thrown.facts.vendor?.status !== undefined;
    if (!told || io.signal.aborted) throw thrown;
    throw refusal(await statPath(client, path, io), part, subject) ?? thrown;
  }
}

/**
 * OPEN of one file or a part of it. What it is, is asked once it is open: a version that is right then is the one that is
 * being read, since a file that is replaced gets another number.
 * @throws Failure not-found, wrong-kind, invalid (beyond the end), changed
 */
export async function readFile(client: WebHdfsClient, path: ArtifactPath, part: Part, io: Io): Promise<Body> {
  const subject = subjectOf(client, path);
  if (isHidden(path)) throw absent(subject);
  const response = await open(client, path, part, io);
  try {
    const entry = await statPath(client, path, io);
    const refused = refusal(entry, part, subject);
    if (refused || !entry) throw refused ?? absent(subject);
    const start = part.start ?? 0;
    const told = response.headers['content-length'];
    const left = Math.min(part.length ?? Infinity, (entry.size ?? 0) - start);
    return answeredBody({ entry, start, length: told === undefined ? left : Number(told) }, response);
  } catch (thrown) {
    response.body.destroy();
    throw thrown;
  }
}
