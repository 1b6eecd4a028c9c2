import type { Readable } from 'node:stream';
import { parentOf, type ArtifactPath, type Under } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import { proxyTypeOf } from '../../../core/media.ts';
import { HELD_BYTES } from '../../hashed-body.ts';
import type { Precondition, Source, Stored } from '../../store.ts';
import { objectUrl } from './address.ts';
import { expectDone, send, subjectOf, type ProxyClient } from './client.ts';
import { countBytes } from './count-bytes.ts';
import { refuseTrouble } from './name-trouble.ts';
import { isDirectoryFailure, statObject } from './stat.ts';

const DOING = 'store';

/** @throws Failure exists, unsupported (a version) when the condition of a write is not met */
export async function checkAbsent(
  client: ProxyClient,
  path: ArtifactPath,
  when: Precondition | undefined,
  io: Io,
): Promise<void> {
  if (!when) return;
  const subject = subjectOf(client, path);
  if ('version' in when) {
    const message = `cannot store ${subject} on a condition: the server tells no versions`;
    throw new Failure({ kind: 'unsupported', message, subject });
  }
  if (!(await statObject(client, path, io))) return;
  throw new Failure({ kind: 'exists', message: `${subject} exists already`, subject });
}

/** A 500 may mean that something of the wrong kind is in the way; the listings tell. */
async function explain(client: ProxyClient, path: ArtifactPath, failure: Failure, io: Io): Promise<Failure> {
  try {
    if ((await statObject(client, path, io))?.kind === 'directory') {
      return isDirectoryFailure(client, path, DOING);
    }
    for (let above: Under = parentOf(path); above !== ''; above = parentOf(above)) {
      if ((await statObject(client, above, io))?.kind !== 'file') continue;
      const subject = subjectOf(client, path);
      const message = `cannot store ${subject}: ${above} is a file`;
      return new Failure({ kind: 'wrong-kind', message, subject }, failure);
    }
  } catch {
    return failure;
  }
  return failure;
}

interface Outgoing {
  readonly body: Uint8Array | Readable;
  /** What of it has been read, in bytes. */
  readonly bytes: () => number;
  readonly close: () => void;
}

/** A small source is sent from memory, which spares it two streams. */
async function openSource(source: Source, subject: string, io: Io): Promise<Outgoing> {
  if (source.bytes && source.size !== undefined && source.size <= HELD_BYTES) {
    const body = await source.bytes(io.signal);
    io.progress?.(body.byteLength);
    return { body, bytes: () => body.byteLength, close: () => undefined };
  }
  const opened = await source.open(0, io.signal);
  const { stream, tally } = countBytes(opened, subject, io);
  const close = (): void => {
    stream.destroy();
    opened.destroy();
  };
  return { body: stream, bytes: () => tally.bytes, close };
}

/**
 * PUT of one artifact. The server publishes it when the whole body has come: a source that fails, or gives more or fewer
 * bytes than announced, aborts the request, so that nothing is published.
 *
 * The answer proves nothing (it is empty), and a size can only be read back in a listing of the whole directory. For n
 * files in one directory that would be n listings of n names, so the proof is `none`: whoever writes many files compares
 * the sizes of one listing per directory afterwards.
 * @throws Failure changed (the source), exists, too-large, wrong-kind (a directory is there, or a file above)
 */
export async function writeObject(
  client: ProxyClient,
  path: ArtifactPath,
  source: Source,
  options: { readonly when?: Precondition },
  io: Io,
): Promise<Stored> {
  const subject = subjectOf(client, path);
  refuseTrouble(client.address, path, subject);
  await checkAbsent(client, path, options.when, io);
  const outgoing = await openSource(source, subject, io);
  try {
    const call = { method: 'PUT', doing: DOING, subject, url: objectUrl(client.address, path) } as const;
    const headers = { 'content-type': proxyTypeOf(path) };
    const length = source.size === undefined ? {} : { length: source.size };
    await expectDone(call, await send(client, { ...call, headers, body: outgoing.body, ...length }, io));
  } catch (thrown) {
    const open = thrown instanceof Failure && thrown.facts.vendor?.status === 500;
    throw open ? await explain(client, path, thrown, io) : thrown;
  } finally {
    outgoing.close();
  }
  return { entry: { path, kind: 'file', size: outgoing.bytes(), checksums: [] }, proof: 'none' };
}
