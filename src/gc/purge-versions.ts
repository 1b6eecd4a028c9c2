import type { ArtifactStore, Kept, Unpurged, Versions } from '../artifacts/store.ts';
import { Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import { ROUNDS, tellGone, type ReadAgain, type Removed } from './empty-subtree.ts';
import type { Subtree } from './place.ts';

function refused(store: ArtifactStore, [first]: readonly Unpurged[], count: number): Failure {
  const failure =
    first?.failure ??
    new Failure({ kind: 'internal', message: 'a removal failed without a cause', subject: store.label });
  return failure.with({
    message: `${count} versions of objects of ${store.label} could not be removed (${first?.kept.path ?? ''}): ${failure.message}`,
    hint: 'older versions take a right of their own (s3:DeleteObjectVersion), and locked ones stay until their time',
  });
}

function count(removed: Removed, purged: readonly Kept[]): void {
  for (const { path, mark, newest, bytes } of purged) {
    removed.bytes += bytes;
    if (mark || !newest) continue;
    removed.objects += 1;
    tellGone(removed, path);
  }
}

/** Removes the versions of one listing. @returns whether any was there */
async function purgeListed(
  { versions, store, subtree, readAgain, removed }: Purging,
  io: Io,
): Promise<boolean> {
  let found = false;
  const { removeBatch } = store.traits;
  for await (const page of versions.list(subtree.under, io)) {
    found ||= page.length > 0;
    for (let from = 0; from < page.length; from += removeBatch) {
      await readAgain();
      const batch = page.slice(from, from + removeBatch);
      const left = await versions.purge(batch, io);
      const stay = new Set(left.map(({ kept }) => kept.token));
      count(
        removed,
        batch.filter(({ token }) => !stay.has(token)),
      );
      if (left.length > 0) throw refused(store, left, left.length);
    }
  }
  return found;
}

interface Purging {
  readonly versions: Versions;
  readonly store: ArtifactStore;
  readonly subtree: Subtree;
  readonly readAgain: ReadAgain;
  readonly removed: Removed;
}

/**
 * Removes every version of everything in a subtree, and lists again until nothing is kept.
 * @returns whether anything was there @throws Failure the first reason of what could not be removed; changed
 */
export async function purgeVersions(purging: Purging, io: Io): Promise<boolean> {
  for (let round = 0; round < ROUNDS; round += 1) if (!(await purgeListed(purging, io))) return round > 0;
  const { store, subtree } = purging;
  throw new Failure({
    kind: 'conflict',
    message: `${store.label}/${subtree.under} was listed ${ROUNDS} times and versions are still there: somebody writes there`,
    hint: 'run gc again when the client has ended',
    subject: store.label,
  });
}
