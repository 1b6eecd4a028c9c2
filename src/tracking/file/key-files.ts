import { readdir, readFile, unlink } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { assertTagKey } from '../entity-rules.ts';
import { errorCode, fileFailure } from './layout.ts';
import { writeWhole } from './write-whole.ts';

/** Calls at once: a run has hundreds of small files. */
const AT_ONCE = 16;

/** Applies work to every item, a few at a time, keeping the order. */
export async function forEachFew<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (let start = 0; start < items.length; start += AT_ONCE) {
    results.push(...(await Promise.all(items.slice(start, start + AT_ONCE).map(work))));
  }
  return results;
}

/** Keys of the files below a folder, as paths with slashes, sorted; none when it is absent. */
async function keysBelow(folder: string): Promise<readonly string[]> {
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    return entries
      .filter((entry) => !entry.isDirectory())
      .map((entry) => relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/'))
      .sort();
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT') return [];
    throw fileFailure(thrown, folder);
  }
}

async function readIfAny(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT') return undefined;
    throw fileFailure(thrown, path);
  }
}

/** Reads a folder that keeps one value per file (tags, params, metrics), nested folders being slashes in the key. */
export async function readKeyFiles(folder: string): Promise<readonly (readonly [string, string])[]> {
  const found = await forEachFew(
    await keysBelow(folder),
    async (key) => [key, await readIfAny(join(folder, key))] as const,
  );
  return found.filter((entry): entry is [string, string] => entry[1] !== undefined);
}

/**
 * Writes one value into `<owner>/<folder>/<key>`.
 * @throws Failure invalid for a key that could leave the folder, denied, no-space
 */
export async function writeKeyFile(owner: string, folder: string, key: string, value: string): Promise<void> {
  assertTagKey(key);
  await writeWhole(join(owner, folder, key), value, owner);
}

/**
 * Removes the value `<owner>/<folder>/<key>`; false when there was none.
 * @throws Failure invalid for a key that could leave the folder, denied
 */
export async function removeKeyFile(owner: string, folder: string, key: string): Promise<boolean> {
  assertTagKey(key);
  try {
    await unlink(join(owner, folder, key));
    return true;
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT') return false;
    throw fileFailure(thrown, owner);
  }
}
