import { setTimeout as wait } from 'node:timers/promises';
import { parentOf, type ArtifactPath } from '../../../../core/artifact-path.ts';
import { asFailure, Failure } from '../../../../core/failure.ts';
import { cleanupIo, type Io } from '../../../../core/io.ts';
import type { Precondition, Source, Stored, WriteOptions } from '../../../store.ts';
import { temporaryName } from '../../../temporaries.ts';
import { hdfsFailure } from '../failures.ts';
import { countSource, type Counted } from '../count-source.ts';
import type { Call } from './call.ts';
import { askDataNode, placeOf, subjectOf, type WebHdfsClient } from './client.ts';
import { publish } from './publish.ts';
import { deletePlace } from './remove.ts';
import { entryOf, statPath, statusOf, type Status } from './status.ts';

const DOING = 'store';
/** How long a data node may still take to register a file whose sender went away, in ms; asked so often. */
const REGISTER_MS = 150;
const REGISTER_TRIES = 4;

/** Refuses what the precondition, or a thing of another kind, forbids. */
async function checkTarget(
  client: WebHdfsClient,
  path: ArtifactPath,
  when: Precondition,
  io: Io,
): Promise<void> {
  const subject = subjectOf(client, path);
  const entry = await statPath(client, path, io);
  if (entry?.kind === 'directory') throw isDirectory(subject);
  if ('absent' in when) {
    if (entry) throw hdfsFailure('exists', subject, `${subject} exists already`);
  } else if (entry?.version?.id !== when.version.id) {
    throw hdfsFailure('changed', subject, `${subject} is no longer what it was`);
  }
}

function isDirectory(subject: string, cause?: unknown): Failure {
  const message = `cannot store ${subject}: it is a directory`;
  return new Failure({ kind: 'wrong-kind', message, subject }, cause);
}

/** Sends the bytes to a temporary file and reads its size back. */
async function fill(
  client: WebHdfsClient,
  call: Call,
  source: Source,
  body: Counted,
  io: Io,
): Promise<Status> {
  const length = source.size === undefined ? {} : { length: source.size };
  const answer = await askDataNode(client, call, { body: body.stream, ...length }, io);
  answer.body.resume();
  body.check();
  const status = await statusOf(client, call.path, call.subject, io);
  if (status?.kind === 'file' && status.size === body.sent()) return status;
  throw new Failure({
    kind: 'unavailable',
    message: `${body.sent()} bytes were sent for ${call.subject}, and ${status?.size ?? 0} arrived`,
    subject: call.subject,
    retry: 'later',
  });
}

/** Removes an unfinished file. A data node that lost its sender may register it a moment later: asked again. */
async function discard(client: WebHdfsClient, temporary: string, failure: Failure, io: Io): Promise<Failure> {
  const calm = cleanupIo(io);
  try {
    for (let tries = 1; ; tries += 1) {
      const gone = await deletePlace(client, temporary, failure.facts.subject, calm);
      if (gone || tries === REGISTER_TRIES) return failure;
      await wait(REGISTER_MS, undefined, { signal: calm.signal });
    }
  } catch {
    return failure.facts.hint === undefined
      ? failure.with({ hint: `remove ${temporary}, which could not be removed` })
      : failure;
  }
}

/** What stands in the way of a file, when a name node refused it in words that fit several reasons. */
async function explain(
  client: WebHdfsClient,
  path: ArtifactPath,
  failure: Failure,
  io: Io,
): Promise<Failure> {
  if (failure.facts.vendor?.status === undefined || io.signal.aborted) return failure;
  try {
    const entry = await statPath(client, path, io);
    return entry?.kind === 'directory' ? isDirectory(subjectOf(client, path), failure) : failure;
  } catch {
    return failure;
  }
}

/**
 * Writes a file whole or not at all: CREATE of a temporary file in the same directory, its size read back, RENAME. The
 * rename replaces, or keeps to an absent target, in one step at the name node.
 * @throws Failure exists, changed, wrong-kind (a directory is there, or a file above), corrupt (digest disagrees), no-space
 */
export async function writeFile(
  client: WebHdfsClient,
  path: ArtifactPath,
  source: Source,
  { when, owner }: WriteOptions,
  io: Io,
): Promise<Stored> {
  const subject = subjectOf(client, path);
  if (when) await checkTarget(client, path, when, io);
  const parent = parentOf(path);
  const directory = placeOf(client, parent);
  const temporary = `${directory === '/' ? '' : directory}/${temporaryName(owner)}`;
  const query = { overwrite: 'false' };
  const call = { method: 'PUT', op: 'CREATE', doing: DOING, path: temporary, subject, query } as const;
  const opened = await source.open(0, io.signal);
  const body = countSource(opened, source, subject, io);
  try {
    const status = await fill(client, call, source, body, io);
    io.signal.throwIfAborted();
    if (when && 'version' in when) await checkTarget(client, path, when, io);
    await publish(client, temporary, path, when, io);
    return { entry: entryOf(path, status), proof: 'size' };
  } catch (thrown) {
    const failure = await explain(client, path, asFailure(thrown, subject), io);
    throw await discard(client, temporary, failure, io);
  } finally {
    body.stream.destroy();
    opened.destroy();
  }
}
