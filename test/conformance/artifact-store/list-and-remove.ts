import { expect } from 'vitest';
import type { ArtifactStore, Entry, Removal } from '../../../src/artifacts/store.ts';
import type { Io } from '../../../src/core/io.ts';

const io: Io = { signal: new AbortController().signal };
/** The most entries that a store may hold of a listing at once. */
const PAGE = 1000;

async function remove(store: ArtifactStore, entries: readonly Entry[]): Promise<void> {
  const removals = entries.map(({ path, kind }): Removal => ({
    path,
    kind: kind === 'directory' ? kind : 'file',
  }));
  for (let from = 0; from < removals.length; from += store.traits.removeBatch) {
    expect(await store.remove(removals.slice(from, from + store.traits.removeBatch), io)).toEqual([]);
  }
}

/** Lists a store page by page and removes what comes, directories at last; it must hold so many files and no more. */
export async function listAndRemove(store: ArtifactStore, files: number): Promise<void> {
  let seen = 0;
  let largest = 0;
  const directories: Entry[] = [];
  for await (const page of store.list('', { recursive: true }, io)) {
    const found = page.filter(({ kind }) => kind !== 'directory');
    directories.unshift(...page.filter(({ kind }) => kind === 'directory').toReversed());
    seen += found.length;
    largest = Math.max(largest, page.length);
    await remove(store, found);
  }
  expect([seen, largest]).toEqual([files, PAGE]);
  await remove(store, directories);
  for await (const page of store.list('', { recursive: true }, io)) expect(page).toEqual([]);
}
