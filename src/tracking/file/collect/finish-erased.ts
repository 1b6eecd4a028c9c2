import { readdir, rename, rm, rmdir } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { FileContext } from '../context.ts';
import { errorCode, experimentFolders, fileFailure, TRASH } from '../layout.ts';
import { CLAIMED } from './folders.ts';

/** What `.mlstow.erasing` becomes beside its folder, when nothing else is in that: `.mlstow.erasing.<id>`. */
const ASIDE = `${CLAIMED}.`;

/** Removes a folder that was erased, if it is empty; else its description goes back into it. Absent is done. */
async function removeErased(folder: string, aside: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (thrown) {
    if (errorCode(thrown) !== 'ENOENT') {
      await rename(aside, join(folder, CLAIMED));
      throw thrown;
    }
  }
  await rm(aside, { force: true });
}

/**
 * Removes a claimed folder in which nothing but its description is left. The description is put beside it first: between
 * that and the end a kill leaves an empty folder that `finishErased` knows for one of these, and not for a run that MLflow
 * begins to write.
 */
export async function removeLast(folder: string): Promise<void> {
  const aside = join(dirname(folder), `${ASIDE}${basename(folder)}`);
  await rename(join(folder, CLAIMED), aside);
  await removeErased(folder, aside);
}

async function finishIn(parent: string): Promise<void> {
  const names = await readdir(parent).catch((thrown: unknown) => {
    const code = errorCode(thrown);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw fileFailure(thrown, parent);
  });
  for (const name of names) {
    const id = name.startsWith(ASIDE) ? name.slice(ASIDE.length) : '';
    if (!/^[\p{L}\p{N}_-]+$/u.test(id)) continue;
    const [folder, aside] = [join(parent, id), join(parent, name)];
    await removeErased(folder, aside).catch((thrown: unknown) => {
      const code = errorCode(thrown);
      // Somebody wrote into it since: it is a row again, half erased. Or another shard was quicker.
      if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOENT') throw fileFailure(thrown, folder);
    });
  }
}

/** Removes the empty folders that a killed gc left of rows that it had erased. @throws Failure denied */
export async function finishErased({ root }: FileContext): Promise<void> {
  for (const { path } of await experimentFolders(root))
    for (const parent of [path, join(path, 'models'), join(path, 'traces')]) await finishIn(parent);
  await finishIn(join(root, TRASH));
}
