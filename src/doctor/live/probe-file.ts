import { randomBytes } from 'node:crypto';
import type { ArtifactStore, Page } from '../../artifacts/store.ts';
import { parseArtifactPath, type ArtifactPath } from '../../core/artifact-path.ts';
import type { Clock } from '../../core/clock.ts';
import { Failure } from '../../core/failure.ts';
import { cleanupIo, type Io } from '../../core/io.ts';
import { purgeProbes, type Leftover } from './leftover.ts';

const NAME = /^\.mlstow-doctor-(\d{13})-[0-9a-f]{16}$/;
const HOUR_MS = 3_600_000;
const BETWEEN_LOOKS_MS = 300;

/** A new name for a probe, which tells when it was made: not every store tells of a file. */
export function probeName(clock: Clock): ArtifactPath {
  const at = String(Math.round(clock.now())).padStart(13, '0');
  return parseArtifactPath(`.mlstow-doctor-${at}-${randomBytes(8).toString('hex')}`);
}

/** The probes on a page that a killed doctor left more than an hour ago. */
export function staleProbes(page: Page, clock: Clock): readonly ArtifactPath[] {
  return page
    .filter(({ kind, path }) => {
      const at = NAME.exec(path)?.[1];
      return kind === 'file' && at !== undefined && clock.now() - Number(at) > HOUR_MS;
    })
    .map(({ path }) => path);
}

/** Removes a probe as any artifact is removed; an absent one is done. @throws Failure when it could not be */
export async function unlinkProbe(store: ArtifactStore, path: ArtifactPath, io: Io): Promise<void> {
  await unlink(store, [path], io);
}

/**
 * Removes probes for good, also from a bucket that keeps versions; absent ones are done.
 * @returns what the bucket keeps of them
 * @throws Failure the first one that could not be removed, with its path
 */
export async function removeProbes(
  store: ArtifactStore,
  paths: readonly ArtifactPath[],
  io: Io,
): Promise<Leftover | undefined> {
  if (paths.length === 0) return undefined;
  await unlink(store, paths, io);
  const left = await purgeProbes(store, paths, io);
  if (left) io.trace?.('probe-left', { store: store.label, reason: left.failure.message });
  return left;
}

async function unlink(store: ArtifactStore, paths: readonly ArtifactPath[], io: Io): Promise<void> {
  const [undone] = await store.remove(
    paths.map((path) => ({ path, kind: 'file' as const })),
    io,
  );
  if (!undone) return;
  const { removal, failure } = undone;
  throw failure.with({
    message: `the probe ${removal.path} at ${store.label} cannot be removed: ${failure.message}`,
  });
}

/**
 * Does work that may leave a probe, and removes it whatever happens, also when the work is told to stop. The removal has
 * a signal of its own.
 * @throws Failure of the work, else of the removal
 */
export async function withProbe<T>(
  store: ArtifactStore,
  path: ArtifactPath,
  io: Io,
  work: () => Promise<T>,
): Promise<T> {
  let result;
  try {
    result = await work();
  } catch (thrown) {
    await removeProbes(store, [path], cleanupIo(io)).catch((left: unknown) => {
      if (!(left instanceof Failure)) throw left;
      io.trace?.('probe-left', { store: store.label, probe: path, reason: left.message });
    });
    throw thrown;
  }
  await removeProbes(store, [path], cleanupIo(io));
  return result;
}

/**
 * Removes a probe whose upload was cut off: the server behind a proxy may finish it later. It is looked for until it was
 * seen and removed, or for so long.
 */
export async function removeLateProbe(
  store: ArtifactStore,
  path: ArtifactPath,
  ms: number,
  clock: Clock,
  io: Io,
): Promise<void> {
  const ends = clock.now() + ms;
  while (clock.now() < ends && !io.signal.aborted) {
    if ((await store.stat(path, io)) !== undefined) break;
    await clock.sleep(BETWEEN_LOOKS_MS, io.signal);
  }
  await removeProbes(store, [path], cleanupIo(io));
}
