import { codeOf } from './failures.ts';
import { descriptors } from '../../../core/descriptors.ts';

/** Directories that cannot be synced (some FUSE and network mounts), or be opened for reading, still hold the rename. */
const UNSYNCABLE = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP', 'EISDIR', 'EACCES', 'EPERM']);

/** Syncs of one directory: the one under way, and the one that begins after it. */
interface Syncing {
  readonly now: Promise<void>;
  next?: Promise<void>;
}

const under = new Map<string, Syncing>();

/**
 * Resolves when all that was renamed in a directory before this call is on disk. What is asked while a sync is under way
 * shares the one that follows, so that many files in one directory do not cost one sync each.
 */
export async function syncDirectory(folder: string): Promise<void> {
  const current = under.get(folder);
  if (!current) return begin(folder);
  current.next ??= current.now.then(
    async () => begin(folder),
    async () => begin(folder),
  );
  return current.next;
}

async function begin(folder: string): Promise<void> {
  const syncing: Syncing = { now: sync(folder) };
  under.set(folder, syncing);
  try {
    await syncing.now;
  } finally {
    if (under.get(folder) === syncing) under.delete(folder);
  }
}

async function sync(folder: string): Promise<void> {
  try {
    const fd = await descriptors.open(folder, 'r');
    try {
      await descriptors.fsync(fd);
    } finally {
      descriptors.close(fd);
    }
  } catch (thrown) {
    if (!UNSYNCABLE.has(codeOf(thrown) ?? '')) throw thrown;
  }
}
