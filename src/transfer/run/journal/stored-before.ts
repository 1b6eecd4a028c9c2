import type { ArtifactStore } from '../../../artifacts/store.ts';
import type { Under } from '../../../core/artifact-path.ts';
import type { Io } from '../../../core/io.ts';
import type { UploadFile } from '../../items.ts';
import { fingerprint, type Journal } from './journal.ts';

/**
 * Tells which files an interrupted try stored, by its journal, and the store's listing says the same of: one of that
 * size is there and, where the journal knows its version, of that version. The store is listed only where there is
 * something to ask.
 */
export async function storedBefore(
  store: ArtifactStore,
  journal: Journal,
  io: Io,
  under: Under = '',
): Promise<(file: UploadFile) => boolean> {
  if (journal.doneBefore === 0) return () => false;
  const there = new Set<string>();
  for await (const page of store.list(under, { recursive: true }, io)) {
    for (const { path, kind, size, version } of page) {
      if (kind !== 'file' || size === undefined) continue;
      there.add(fingerprint(path, size, ''));
      if (version) there.add(fingerprint(path, size, version.id));
    }
  }
  return ({ path, identity }) => {
    const was = identity && journal.wasDone(path, identity);
    return was !== undefined && there.has(was);
  };
}
