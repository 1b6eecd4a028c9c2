import type { ArtifactPath } from '../../../core/artifact-path.ts';
import type { Io } from '../../../core/io.ts';
import type { Entry, Facts } from '../../store.ts';
import { entryOf } from './entry.ts';
import { codeOf, isNoBlob, statusOf } from './failures.ts';
import { blobOf, call, type Root } from './root.ts';

/** Lists one blob at most: what may list may not always look at the container itself. */
async function askContainer(root: Root, io: Io): Promise<void> {
  await call(root, '', 'look at', io, async (abortSignal) =>
    root.container.listBlobsFlat({ abortSignal }).byPage({ maxPageSize: 1 }).next(),
  );
}

/** Whether the container exists; one that may not be looked at is a failure, not an absent one. */
export async function containerFacts(root: Root, io: Io): Promise<Facts> {
  try {
    await askContainer(root, io);
    return { anchor: 'present' };
  } catch (thrown) {
    if (statusOf(thrown) === 404) return { anchor: 'absent' };
    throw thrown;
  }
}

/**
 * Get Blob Properties: https://learn.microsoft.com/rest/api/storageservices/get-blob-properties
 * @throws Failure not-found when the container does not exist
 */
export async function statBlob(root: Root, path: ArtifactPath, io: Io): Promise<Entry | undefined> {
  try {
    const { value } = await call(root, path, 'look at', io, async (abortSignal) =>
      blobOf(root, path).getProperties({ abortSignal }),
    );
    return entryOf(path, value, value.contentLength);
  } catch (thrown) {
    if (!isNoBlob(thrown)) throw thrown;
    // An answer to HEAD without a code leaves open which of the two is missing.
    if (codeOf(thrown) === undefined) await askContainer(root, io);
    return undefined;
  }
}
