import { lstat, mkdir, open, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import type { Under } from '../../core/artifact-path.ts';
import { Failure } from '../../core/failure.ts';
import { unwritable } from './unwritable.ts';

/** Makes folders below one root, each once. */
export interface ContainedFolders {
  /**
   * Makes the folder `path` and proves that it really lies below the root: a link on the way that leads elsewhere is
   * refused, so that a listing can never write outside of the folder the user named.
   * @returns where it is
   * @throws Failure refused, exists (a file is in the way), denied, no-space, invalid (too long a name)
   */
  make(path: Under): Promise<string>;
  /** Syncs every folder that was made, so that what was renamed in them stays, and lets `tidy` look into each. */
  close(): Promise<void>;
}

/** How many folders are remembered; what was made before is checked again, and synced early. */
const MOST_KNOWN = 10_000;

/** Makes the root, too. @throws Failure as `make` */
export async function openContainedFolders(
  root: string,
  tidy: (folder: string) => Promise<void> = async () => undefined,
): Promise<ContainedFolders> {
  await makeFolder(root);
  const real = await realpath(root).catch((thrown: unknown) => Promise.reject(unwritable(thrown, root)));
  const made = new Map<Under, Promise<string>>();
  const leave = async (path: Under, making: Promise<string>): Promise<void> => {
    made.delete(path);
    const folder = await making.catch(() => undefined);
    if (folder === undefined) return;
    await tidy(folder);
    await syncFolder(folder);
  };
  return {
    make: async (path) => {
      const known = made.get(path);
      if (known) return known;
      const making = makeBelow(root, real, path);
      made.set(path, making);
      const [oldest] = made;
      if (made.size > MOST_KNOWN && oldest) await leave(...oldest);
      return making;
    },
    close: async () => {
      for (const [path, making] of made) await leave(path, making);
    },
  };
}

/** Some file systems cannot sync a folder (network mounts, FUSE); they still hold the rename. */
async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, 'r').catch(() => undefined);
  if (!handle) return;
  await handle.sync().catch(() => undefined);
  await handle.close();
}

async function makeBelow(root: string, real: string, path: Under): Promise<string> {
  if (path === '') return root;
  await refuseOutside(root, real, path);
  const folder = join(root, path);
  await makeFolder(folder);
  return folder;
}

async function makeFolder(folder: string): Promise<void> {
  await mkdir(folder, { recursive: true }).catch((thrown: unknown) =>
    Promise.reject(unwritable(thrown, folder)),
  );
}

async function refuseOutside(root: string, real: string, path: Under): Promise<void> {
  let at = root;
  for (const segment of path.split('/')) {
    at = join(at, segment);
    const target = await targetOf(at);
    if (target === 'absent') return;
    if (target !== undefined && isInside(target, real)) continue;
    throw new Failure({
      kind: 'refused',
      message: `${at} is a link that leads out of ${root} or nowhere, nothing is written through it`,
      hint: 'remove the link or download into another folder with -d',
      subject: at,
    });
  }
}

/** Where a path leads; undefined for a link that leads nowhere. */
async function targetOf(path: string): Promise<string | undefined> {
  try {
    return await realpath(path);
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'ELOOP') return undefined;
    if (code !== 'ENOENT') throw unwritable(thrown, path);
  }
  const facts = await lstat(path).catch(() => undefined);
  if (facts === undefined) return 'absent';
  // Another worker made it between the two questions.
  return facts.isSymbolicLink() ? undefined : targetOf(path);
}

function isInside(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}
