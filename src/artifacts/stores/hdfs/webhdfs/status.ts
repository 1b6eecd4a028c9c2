import type { ArtifactPath } from '../../../../core/artifact-path.ts';
import { Failure } from '../../../../core/failure.ts';
import type { Io } from '../../../../core/io.ts';
import type { Entry } from '../../../store.ts';
import { isHidden } from '../names.ts';
import type { Call } from './call.ts';
import { askJson, placeOf, subjectOf, type WebHdfsClient } from './client.ts';

/** What a name node says of one thing. */
export interface Status {
  /** Empty when the thing itself was asked for. */
  readonly name: string;
  readonly kind: Entry['kind'];
  /** Bytes; 0 for a directory. */
  readonly size: number;
  /** Ms since the epoch. */
  readonly modified: number;
  /** Never given to another file; absent at a gateway. */
  readonly fileId?: number;
}

const KINDS: Readonly<Record<string, Entry['kind']>> = { FILE: 'file', DIRECTORY: 'directory' };

const numberOf = (value: unknown): number | undefined =>
  typeof value === 'number' && Number.isFinite(value) ? value : undefined;

/** One `FileStatus` of WebHDFS; undefined when it is not one. */
export function parseStatus(item: unknown): Status | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const { pathSuffix, type, length, modificationTime, fileId } = item as Record<string, unknown>;
  const size = numberOf(length);
  const modified = numberOf(modificationTime);
  if (typeof pathSuffix !== 'string' || typeof type !== 'string') return undefined;
  if (size === undefined || modified === undefined) return undefined;
  const id = numberOf(fileId);
  return {
    name: pathSuffix,
    kind: KINDS[type] ?? 'other',
    size,
    modified,
    ...(id === undefined ? {} : { fileId: id }),
  };
}

/**
 * A status as an entry. Its version is the file's number, length and time: a number is never used again, but an appended
 * file keeps it, so equal versions do not quite prove equal bytes.
 */
export function entryOf(path: ArtifactPath, { kind, size, modified, fileId }: Status): Entry {
  const common = { path, kind, modified: new Date(modified), checksums: [] };
  if (kind !== 'file') return common;
  const id = `${fileId ?? ''}-${size}-${modified}`;
  return { ...common, size, version: { id, strong: false } };
}

/** An answer that is not what the protocol promises. */
export function strange(subject: string): Failure {
  return new Failure({
    kind: 'corrupt',
    message: `the answer about ${subject} is not the one that WebHDFS gives`,
    subject,
  });
}

function statusCall(place: string, subject: string): Call {
  return { method: 'GET', op: 'GETFILESTATUS', doing: 'look at', path: place, subject };
}

async function askStatus(client: WebHdfsClient, place: string, subject: string, io: Io): Promise<Status> {
  const status = parseStatus((await askJson(client, statusCall(place, subject), io))['FileStatus']);
  if (!status) throw strange(subject);
  return status;
}

/** Whether something above a place is a file, so that nothing can be at it. */
async function isBelowFile(client: WebHdfsClient, place: string, subject: string, io: Io): Promise<boolean> {
  for (let end = place.lastIndexOf('/'); end > 0; end = place.lastIndexOf('/', end - 1)) {
    try {
      return (await askStatus(client, place.slice(0, end), subject, io)).kind === 'file';
    } catch (thrown) {
      if (!(thrown instanceof Failure) || thrown.kind !== 'denied') throw thrown;
    }
  }
  return false;
}

/**
 * Whether a failure says that nothing is at a place. A name node says of what is below a file that it is denied, in the
 * class of a right that is missing, so the places above are asked.
 */
export async function meansAbsent(
  client: WebHdfsClient,
  place: string,
  thrown: unknown,
  io: Io,
): Promise<boolean> {
  if (!(thrown instanceof Failure) || io.signal.aborted) return false;
  if (thrown.kind === 'not-found' || thrown.kind === 'wrong-kind') return true;
  if (thrown.facts.vendor?.code !== 'AccessControlException') return false;
  try {
    return await isBelowFile(client, place, thrown.facts.subject, io);
  } catch (other) {
    // It vanished while it was looked for.
    return other instanceof Failure && other.kind === 'not-found';
  }
}

/** What is at an absolute path; undefined when nothing is there. @throws Failure denied, unavailable */
export async function statusOf(
  client: WebHdfsClient,
  place: string,
  subject: string,
  io: Io,
): Promise<Status | undefined> {
  try {
    return await askStatus(client, place, subject, io);
  } catch (thrown) {
    if (await meansAbsent(client, place, thrown, io)) return undefined;
    throw thrown;
  }
}

/** The entry at a path; undefined when nothing is there. */
export async function statPath(
  client: WebHdfsClient,
  path: ArtifactPath,
  io: Io,
): Promise<Entry | undefined> {
  if (isHidden(path)) return undefined;
  const status = await statusOf(client, placeOf(client, path), subjectOf(client, path), io);
  return status && entryOf(path, status);
}
