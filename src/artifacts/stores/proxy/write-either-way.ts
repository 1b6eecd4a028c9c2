import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import { cleanupIo, type Io } from '../../../core/io.ts';
import type { Multipart, Precondition, Source, Stored } from '../../store.ts';
import { subjectOf, type ProxyClient } from './client.ts';
import type { Direct } from './direct.ts';
import { isPresignedOnly } from './failures.ts';
import { writeObject } from './write.ts';

/** A whole file as the only part of an upload. */
async function writeOnePart(
  multipart: Multipart,
  path: ArtifactPath,
  source: Source & { readonly size: number },
  when: Precondition | undefined,
  io: Io,
): Promise<Stored> {
  const { size, media } = source;
  const plan = { partBytes: Math.max(size, 1), size, media, ...(when ? { when } : {}) };
  const session = await multipart.begin(path, plan, io);
  try {
    const receipt = await session.put({ number: 1, offset: 0, size }, source, io);
    return await session.commit([receipt], { size, checksums: source.checksums }, io);
  } catch (thrown) {
    await session.abort(cleanupIo(io)).catch(() => undefined);
    throw thrown;
  }
}

function isSized(source: Source): source is Source & { readonly size: number } {
  return source.size !== undefined;
}

/**
 * Writes through the server; to one that lets no byte pass through itself (MLflow 3.18, `--artifacts-presigned-only`)
 * as an upload of one part, straight to its store, as MLflow's client does with files of any size.
 * @throws Failure as `writeObject`; unsupported when such a server meets a source of unknown size
 */
export async function writeEitherWay(
  client: ProxyClient,
  direct: Direct,
  multipart: Multipart,
  write: { readonly path: ArtifactPath; readonly source: Source; readonly when: Precondition | undefined },
  io: Io,
): Promise<Stored> {
  const { path, source, when } = write;
  let opened = false as boolean;
  const watched: Source = {
    ...source,
    open: async (from, signal) => {
      opened = true;
      return source.open(from, signal);
    },
  };
  if (!direct.only) {
    try {
      return await writeObject(client, path, watched, when ? { when } : {}, io);
    } catch (thrown) {
      if (!isPresignedOnly(thrown)) throw thrown;
      direct.insist();
      if (opened && !source.replayable && isSized(source)) throw thrown;
    }
  }
  if (isSized(source)) return writeOnePart(multipart, path, source, when, io);
  const subject = subjectOf(client, path);
  throw new Failure({
    kind: 'unsupported',
    message: `cannot store ${subject}: the server lets bytes pass only straight to its store, and that needs their number`,
    subject,
    hint: 'write standard input to a file first and log that file',
  });
}
