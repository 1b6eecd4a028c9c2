import { lstat, rmdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { nameOf } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { Removal, Undone } from '../../store.ts';
import { versionOf } from './entries.ts';
import { isAbsent, localFailure } from './failures.ts';
import type { Root } from './root.ts';

/**
 * Removes files, links (never what they point to) and empty directories, one after the other. Nothing is removed on a
 * way that leads through a link, also when it stays inside the root.
 */
export async function removeAll(root: Root, batch: readonly Removal[], io: Io): Promise<readonly Undone[]> {
  const undone: Undone[] = [];
  for (const removal of batch) {
    io.signal.throwIfAborted();
    try {
      await removeOne(root, removal);
    } catch (thrown) {
      if (isAbsent(thrown)) continue;
      undone.push({ removal, failure: localFailure(thrown, 'removing', root.subject(removal.path)) });
    }
  }
  return undone;
}

async function removeOne(root: Root, { path, kind, version }: Removal): Promise<void> {
  const parent = await root.plainParent(path);
  if (parent === undefined) return;
  const target = join(parent, nameOf(path));
  const stats = await lstat(target, { bigint: true });
  const subject = root.subject(path);
  if ((kind === 'directory') !== stats.isDirectory()) {
    const message = `${subject} is ${kind === 'directory' ? 'no directory' : 'a directory'}`;
    throw new Failure({ kind: 'wrong-kind', message, subject });
  }
  if (version && versionOf(stats).id !== version.id) {
    throw new Failure({ kind: 'changed', message: `${subject} is no longer what it was`, subject });
  }
  await (kind === 'directory' ? rmdir(target) : unlink(target));
}
