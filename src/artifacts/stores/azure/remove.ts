import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { asFailure, Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { Removal, Undone } from '../../store.ts';
import { etagOf } from './entry.ts';
import { codeOf, isNoBlob } from './failures.ts';
import { hasChildren } from './list.ts';
import { removeTogether } from './remove-together.ts';
import { blobOf, call, folderOf, subjectOf, type Root } from './root.ts';
import { statBlob } from './stat.ts';

/** The most removals of one batch. */
export const REMOVE_BATCH = 256;
const AT_ONCE = 16;

function conflict(root: Root, path: ArtifactPath): Failure {
  const subject = subjectOf(root, path);
  return new Failure({ kind: 'conflict', message: `cannot remove ${subject}: it is not empty`, subject });
}

/** Delete Blob: https://learn.microsoft.com/rest/api/storageservices/delete-blob; absent is done. */
async function removeFile(root: Root, { path, version }: Removal, io: Io): Promise<void> {
  const conditions = version === undefined ? {} : { ifMatch: etagOf(version) };
  const ask = async (more: { readonly deleteSnapshots?: 'include' }): Promise<void> => {
    await call(root, path, 'remove', io, async (abortSignal) =>
      blobOf(root, path).delete({ abortSignal, conditions, ...more }),
    );
  };
  try {
    await ask({});
  } catch (thrown) {
    if (isNoBlob(thrown)) return;
    if (codeOf(thrown) !== 'SnapshotsPresent') throw thrown;
    await ask({ deleteSnapshots: 'include' });
  }
}

/** A blob whose name ends with a slash, as some tools mark a directory. */
async function removeMarker(root: Root, path: ArtifactPath, io: Io): Promise<void> {
  try {
    await call(root, path, 'remove', io, async (abortSignal) =>
      root.container.getBlobClient(folderOf(root, path)).delete({ abortSignal }),
    );
  } catch (thrown) {
    if (!isNoBlob(thrown)) throw thrown;
  }
}

/**
 * Removes what stands for an empty directory: a blob marked as one (every directory of an account with a hierarchical
 * namespace is such a blob; not run against one) and the blob `name/`. A file of that name stays.
 */
async function removeDirectory(root: Root, removal: Removal, io: Io): Promise<void> {
  const { path } = removal;
  if (await hasChildren(root, path, io)) throw conflict(root, path);
  const entry = await statBlob(root, path, io);
  if (entry?.kind === 'directory') await removeFile(root, { path, kind: 'directory' }, io);
  await removeMarker(root, path, io);
}

async function attempt(root: Root, removal: Removal, io: Io): Promise<readonly Undone[]> {
  try {
    await (removal.kind === 'directory' ? removeDirectory : removeFile)(root, removal, io);
    return [];
  } catch (thrown) {
    return [{ removal, failure: asFailure(thrown, subjectOf(root, removal.path)) }];
  }
}

function depthOf({ path }: Removal): number {
  return path.split('/').length;
}

/** Removals that may go at the same time: first all files, then directories, each depth after the one below it. */
function rounds(batch: readonly Removal[]): readonly (readonly Removal[])[] {
  const depths = new Map<number, Removal[]>();
  for (const removal of batch) {
    const depth = removal.kind === 'file' ? Infinity : depthOf(removal);
    depths.set(depth, [...(depths.get(depth) ?? []), removal]);
  }
  return [...depths.entries()].sort(([a], [b]) => b - a).map(([, removals]) => removals);
}

/** A failure of the whole account or connection: the rest of the batch would fail alike. */
function isGeneral({ failure }: Undone): boolean {
  return failure.kind === 'unauthenticated' || codeOf(failure) === 'ContainerNotFound';
}

/** Removes blobs together where that is possible, else one by one, several at once. */
export async function removeBlobs(root: Root, batch: readonly Removal[], io: Io): Promise<readonly Undone[]> {
  if (batch.length > REMOVE_BATCH) {
    const message = `${batch.length} removals at once are more than ${REMOVE_BATCH}`;
    throw new Failure({ kind: 'usage', message, subject: root.label });
  }
  const undone: Undone[] = [];
  for (const all of rounds(batch)) {
    const round = await removeTogether(root, all, io);
    for (let from = 0; from < round.length; from += AT_ONCE) {
      const some = round.slice(from, from + AT_ONCE);
      const failed = (await Promise.all(some.map(async (removal) => attempt(root, removal, io)))).flat();
      const general = failed.find(isGeneral);
      if (general) throw general.failure;
      undone.push(...failed);
    }
  }
  return undone;
}
