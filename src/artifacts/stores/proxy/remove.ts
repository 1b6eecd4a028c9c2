import { parentOf, type ArtifactPath, type Under } from '../../../core/artifact-path.ts';
import { asFailure, Failure, type FailureKind } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { Entry, Removal, Undone } from '../../store.ts';
import { objectUrl } from './address.ts';
import { expectDone, send, subjectOf, type ProxyClient } from './client.ts';
import { listDirectory } from './list.ts';
import { refuseTrouble } from './name-trouble.ts';

/** How many removals one batch takes: they share one listing per directory. */
export const REMOVE_BATCH = 250;
const WIDTH = 8;

/** What is at the paths of a batch: the listings of their directories, each asked once. */
type Known = (path: ArtifactPath) => Promise<readonly Entry['kind'][]>;

function lookUp(client: ProxyClient, io: Io): Known {
  const listings = new Map<Under, Promise<ReadonlyMap<string, readonly Entry['kind'][]>>>();
  const listed = async (under: Under) => {
    const kinds = new Map<string, Entry['kind'][]>();
    for (const { path, kind } of await listDirectory(client, under, io)) {
      kinds.set(path, [...(kinds.get(path) ?? []), kind]);
    }
    return kinds;
  };
  return async (path) => {
    const under = parentOf(path);
    const listing = listings.get(under) ?? listed(under);
    listings.set(under, listing);
    return (await listing).get(path) ?? [];
  };
}

function refusal(client: ProxyClient, path: ArtifactPath, kind: FailureKind, reason: string): Failure {
  const subject = subjectOf(client, path);
  return new Failure({ kind, message: `cannot remove ${subject}: ${reason}`, subject });
}

/**
 * Removes one thing. DELETE removes whatever is at a path and everything below it, so nothing is sent before the listing
 * says that it is what the caller means.
 */
async function removeOne(client: ProxyClient, { path, kind }: Removal, known: Known, io: Io): Promise<void> {
  const subject = subjectOf(client, path);
  refuseTrouble(client.address, path, subject);
  const [found, ...more] = await known(path);
  if (found === undefined) return;
  if (more.length > 0) {
    const reason = 'a file and a directory have this name, and the server would remove both';
    throw refusal(client, path, 'conflict', reason);
  }
  if (found !== kind) throw refusal(client, path, 'wrong-kind', `it is a ${found}`);
  if (kind === 'directory' && (await listDirectory(client, path, io)).length > 0) {
    throw refusal(client, path, 'conflict', 'it is not empty');
  }
  const call = { method: 'DELETE', doing: 'remove', subject, url: objectUrl(client.address, path) } as const;
  await expectDone(call, await send(client, call, io));
}

/**
 * Removes files a few at once, then directories in the order given. What is absent is done.
 * @throws Failure cancelled; everything else comes back with the removal it belongs to
 */
export async function removeObjects(
  client: ProxyClient,
  batch: readonly Removal[],
  io: Io,
): Promise<readonly Undone[]> {
  const known = lookUp(client, io);
  const undone = new Map<Removal, Failure>();
  const attempt = async (removal: Removal) => {
    try {
      if (removal.version) {
        throw refusal(client, removal.path, 'unsupported', 'the server tells no versions');
      }
      await removeOne(client, removal, known, io);
    } catch (thrown) {
      const failure = asFailure(thrown, subjectOf(client, removal.path));
      if (failure.kind === 'cancelled') throw failure;
      undone.set(removal, failure);
    }
  };
  const files = batch.filter(({ kind }) => kind === 'file').values();
  const worker = async () => {
    for (const removal of files) await attempt(removal);
  };
  await Promise.all(Array.from({ length: WIDTH }, worker));
  for (const removal of batch) if (removal.kind === 'directory') await attempt(removal);
  return batch.flatMap((removal) => {
    const failure = undone.get(removal);
    return failure ? [{ removal, failure }] : [];
  });
}
