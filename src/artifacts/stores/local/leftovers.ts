import { lstat, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { nameOf, type ArtifactPath, type Under } from '../../../core/artifact-path.ts';
import type { Io } from '../../../core/io.ts';
import type { Incomplete, Unfinished } from '../../store.ts';
import { isAbsent, localFailure } from './failures.ts';
import { isTemporary } from './names.ts';
import type { Root } from './root.ts';

async function* below(directory: string, path: Under, io: Io): AsyncGenerator<readonly Unfinished[], void> {
  io.signal.throwIfAborted();
  const entries = await readdir(directory, { withFileTypes: true }).catch((thrown: unknown) => {
    if (isAbsent(thrown)) return [];
    throw localFailure(thrown, 'listing', directory);
  });
  const found: Unfinished[] = [];
  for (const entry of entries) {
    if (!isTemporary(entry.name) || entry.isDirectory()) continue;
    const file = (path === '' ? entry.name : `${path}/${entry.name}`) as ArtifactPath;
    const stats = await lstat(join(directory, entry.name)).catch(() => undefined);
    if (stats) found.push({ path: file, token: entry.name, started: stats.mtime, bytes: stats.size });
  }
  if (found.length > 0) yield found;
  for (const entry of entries) {
    if (!entry.isDirectory()) continue;
    yield* below(
      join(directory, entry.name),
      (path === '' ? entry.name : `${path}/${entry.name}`) as Under,
      io,
    );
  }
}

async function discard(root: Root, path: ArtifactPath): Promise<void> {
  const parent = await root.plainParent(path);
  if (parent === undefined) return;
  try {
    await unlink(join(parent, nameOf(path)));
  } catch (thrown) {
    if (!isAbsent(thrown)) throw localFailure(thrown, 'removing', root.subject(path));
  }
}

/** Unfinished files below a folder, which listings hide; links are not followed. */
export function leftoversOf(root: Root): Incomplete {
  return {
    list: async function* (under, io) {
      const top = await root.realOf(under);
      if (top !== undefined) yield* below(top, under, io);
    },
    discard: async ({ path }) => discard(root, path),
  };
}
