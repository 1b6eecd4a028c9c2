import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';

/** What is below a folder: `folder`, or a file's bytes and their hash, by path. */
export type Tree = Readonly<Record<string, string>>;

async function describeFile(file: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(file), hash);
  return `${(await lstat(file)).size} bytes ${hash.digest('hex')}`;
}

/** Everything below a folder, byte for byte; `''` is the folder itself. A file is given as itself. */
export async function treeOf(folder: string): Promise<Tree> {
  const tree: Record<string, string> = {};
  if (!(await lstat(folder)).isDirectory()) return { '': await describeFile(folder) };
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    const file = join(entry.parentPath, entry.name);
    tree[file.slice(folder.length + 1)] = entry.isDirectory() ? 'folder' : await describeFile(file);
  }
  return tree;
}

/** The files of a tree only. */
export function filesOf(tree: Tree): Tree {
  return Object.fromEntries(Object.entries(tree).filter(([, what]) => what !== 'folder'));
}

/** A tree as a listing tells it: sizes in bytes, -1 for folders. */
export function sizesOf(tree: Tree): Readonly<Record<string, number>> {
  return Object.fromEntries(
    Object.entries(tree).map(([path, what]) => [path, what === 'folder' ? -1 : Number.parseInt(what, 10)]),
  );
}
