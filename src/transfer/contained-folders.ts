import { lstat, mkdir, realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import type { Under } from '../core/artifact-path.ts';
import { Failure } from '../core/failure.ts';
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
}

/** Makes the root, too. @throws Failure as `make` */
export async function openContainedFolders(root: string): Promise<ContainedFolders> {
  await makeFolder(root);
  const real = await realpath(root).catch((thrown: unknown) => Promise.reject(unwritable(thrown, root)));
  const made = new Map<Under, Promise<string>>();
  return {
    make: async (path) => {
      const known = made.get(path);
      if (known) return known;
      const making = makeBelow(root, real, path);
      made.set(path, making);
      return making;
    },
  };
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
