import { createTally } from '../../core/hash.ts';
import type { ArtifactPath } from '../../core/artifact-path.ts';
import type { Io } from '../../core/io.ts';
import type { ArtifactStore, Source, Stored } from '../store.ts';

async function sha256Of(chunks: AsyncIterable<unknown>): Promise<string | undefined> {
  const tally = createTally(['sha256']);
  for await (const chunk of chunks) tally.add(chunk as Uint8Array);
  return tally.checksums()[0]?.value;
}

/**
 * What a write would have answered, when the object at `path` already is exactly the source; undefined when it is
 * another one. By size, then by a checksum that both know, else by reading both.
 */
export async function storedAlready(
  store: ArtifactStore,
  path: ArtifactPath,
  source: Source,
  io: Io,
): Promise<Stored | undefined> {
  const entry = await store.stat(path, io);
  if (entry?.kind !== 'file' || entry.size !== source.size) return undefined;
  for (const known of entry.checksums) {
    const announced = source.checksums.find(
      ({ algorithm, scope }) => scope === known.scope && algorithm === known.algorithm,
    );
    if (announced) return announced.value === known.value ? { entry, proof: 'checksum' } : undefined;
  }
  const body = await store.read(path, {}, io);
  const theirs = await sha256Of(body.stream);
  const ours = await sha256Of(await source.open(0, io.signal));
  return theirs === ours ? { entry, proof: 'checksum' } : undefined;
}
