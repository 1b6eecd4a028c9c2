import type { Io } from '../../../core/io.ts';
import type { Removal } from '../../store.ts';
import { statusOf } from './failures.ts';
import { blobOf, call, type Root } from './root.ts';

/** Below that, requests of their own cost less than a batch and what it leaves. */
const LEAST = 3;
/** Answers that may be about batches alone. */
const REFUSED = new Set<number | undefined>([400, 403, 405, 409, 415, 501]);

/** Deleted, or not there: neither a blob nor its container being refused is that. */
function isDone({ status, errorCode }: { readonly status: number; readonly errorCode?: string }): boolean {
  return (status >= 200 && status < 300) || (status === 404 && errorCode === 'BlobNotFound');
}

/**
 * Removes blobs of any version by one request: https://learn.microsoft.com/rest/api/storageservices/blob-batch. Not
 * every endpoint and every signature may do that.
 * @returns those that have to be asked for one by one, which tells why they could not be removed here
 * @throws Failure those that are not about batches
 */
export async function removeTogether(
  root: Root,
  batch: readonly Removal[],
  io: Io,
): Promise<readonly Removal[]> {
  const fit = batch.filter(({ kind, version }) => kind === 'file' && version === undefined);
  if (fit.length < LEAST || root.known.batchless === true) return batch;
  try {
    const client = root.container.getBlobBatchClient();
    const together = client.createBatch();
    for (const { path } of fit) await together.deleteBlob(blobOf(root, path));
    const { value } = await call(root, '', 'remove', io, async (abortSignal) =>
      client.submitBatch(together, { abortSignal }),
    );
    const done = new Set(fit.filter((_, at) => isDone(value.subResponses[at] ?? { status: 0 })));
    return batch.filter((removal) => !done.has(removal));
  } catch (thrown) {
    if (!REFUSED.has(statusOf(thrown))) throw thrown;
    root.known.batchless = true;
    return batch;
  }
}
