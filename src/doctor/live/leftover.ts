import type { ArtifactStore, Unpurged, Versions } from '../../artifacts/store.ts';
import type { ArtifactPath } from '../../core/artifact-path.ts';
import { Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';

/** What a bucket keeps of probes that were removed, since this client may not remove that. */
export interface Leftover {
  /** How many versions; absent where they cannot be listed. */
  readonly versions?: number;
  readonly failure: Failure;
}

/** Whether older versions are kept, as far as that is told: who may not ask sees it when they are listed. */
async function mayKeep(versions: Versions, io: Io): Promise<boolean> {
  try {
    return await versions.kept(io);
  } catch (thrown) {
    if (thrown instanceof Failure && !io.signal.aborted) return true;
    throw thrown;
  }
}

/**
 * Removes for good what a bucket that keeps versions still has of probes that were removed.
 * @returns what stays; undefined when nothing does. Nothing is said of what may neither be asked for nor listed
 * @throws Failure when it was told to stop
 */
export async function purgeProbes(
  { versions }: ArtifactStore,
  paths: readonly ArtifactPath[],
  io: Io,
): Promise<Leftover | undefined> {
  if (!versions || !(await mayKeep(versions, io))) return undefined;
  const left: Unpurged[] = [];
  try {
    for (const path of paths)
      for await (const page of versions.of(path, io)) left.push(...(await versions.purge(page, io)));
  } catch (thrown) {
    if (!(thrown instanceof Failure) || io.signal.aborted) throw thrown;
    return { failure: thrown };
  }
  const [first] = left;
  return first && { versions: left.length, failure: first.failure };
}
