import type { ArtifactStore, Entry, Removal, Undone } from '../artifacts/store.ts';
import { Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import type { Subtree } from './place.ts';

/** What was removed so far; kept by the caller, so that a failure loses no count. */
export interface Removed {
  objects: number;
  bytes: number;
  /** Of those bytes what the server keeps as older versions. */
  notFreed: number;
  /** Some of their names. */
  readonly gone: string[];
}

/** Asked before each batch. @throws Failure changed: the row is not what it was */
export type ReadAgain = () => Promise<void>;

/** Times that a subtree is listed; somebody who still writes after that is too busy. */
export const ROUNDS = 5;
/** Names of removed objects that are kept. */
const MOST_GONE = 1000;
const SHOWN = 3;

/** Nothing yet. */
export function nothingRemoved(): Removed {
  return { objects: 0, bytes: 0, notFreed: 0, gone: [] };
}

/** Remembers the name of a removed object, if there are few. */
export function tellGone({ gone }: Removed, path: string): void {
  if (gone.length < MOST_GONE) gone.push(path);
}

function refused(store: ArtifactStore, undone: readonly Undone[], count: number): Failure {
  const [first] = undone;
  const names = undone.map(({ removal }) => removal.path).join(', ');
  const failure =
    first?.failure ??
    new Failure({ kind: 'internal', message: 'a removal failed without a cause', subject: store.label });
  return failure.with({
    message: `${count} ${count === 1 ? 'object' : 'objects'} of ${store.label} could not be removed (${names}${count > undone.length ? ', …' : ''}): ${failure.message}`,
  });
}

interface Work {
  readonly store: ArtifactStore;
  readonly subtree: Subtree;
  readonly readAgain: ReadAgain;
  readonly removed: Removed;
  readonly io: Io;
  /** What could not be removed, a few of them, and how many. */
  readonly undone: Undone[];
  failures: number;
}

async function removeBatch(work: Work, entries: readonly Entry[]): Promise<void> {
  const { store, readAgain, removed, io, undone } = work;
  await readAgain();
  const batch = entries.map((entry): Removal => ({ path: entry.path, kind: 'file' }));
  const left = await store.remove(batch, io);
  const failed = new Set<string>(left.map(({ removal }) => removal.path));
  work.failures += left.length;
  undone.push(...left.slice(0, SHOWN - undone.length));
  for (const { path, size = 0 } of entries) {
    if (failed.has(path)) continue;
    removed.objects += 1;
    removed.bytes += size;
    tellGone(removed, path);
  }
}

/** Removes the files of one listing. @returns the folders, those above first, and whether anything was there */
async function removeFiles(
  work: Work,
): Promise<{ readonly folders: readonly Entry[]; readonly found: boolean }> {
  const { store, subtree, io } = work;
  const folders: Entry[] = [];
  let found = false;
  for await (const page of store.list(subtree.under, { recursive: true }, io)) {
    const files = page.filter(({ kind }) => kind !== 'directory');
    folders.push(...page.filter(({ kind }) => kind === 'directory'));
    found ||= page.length > 0;
    for (let from = 0; from < files.length; from += store.traits.removeBatch)
      await removeBatch(work, files.slice(from, from + store.traits.removeBatch));
  }
  return { folders, found };
}

/** Gives up uploads that were begun and never finished. @returns whether there were any */
async function discardUnfinished({ store, subtree, readAgain, removed, io }: Work): Promise<boolean> {
  let found = false;
  const { incomplete } = store;
  if (!incomplete) return false;
  for await (const page of incomplete.list(subtree.under, io)) {
    if (page.length > 0) await readAgain();
    for (const unfinished of page) {
      await incomplete.discard(unfinished, io);
      removed.bytes += unfinished.bytes ?? 0;
      found = true;
    }
  }
  return found;
}

async function removeFolders(work: Work, folders: readonly Entry[]): Promise<void> {
  const { store, subtree, io, undone } = work;
  if (store.traits.directories !== 'real') return;
  const batch = [subtree.under, ...folders.map(({ path }) => path)]
    .toSorted((a, b) => (a < b ? 1 : -1))
    .map((path): Removal => ({ path, kind: 'directory' }));
  for (let from = 0; from < batch.length; from += store.traits.removeBatch) {
    const left = await store.remove(batch.slice(from, from + store.traits.removeBatch), io);
    work.failures += left.length;
    undone.push(...left.slice(0, SHOWN - undone.length));
  }
}

interface Listed {
  readonly folders: readonly Entry[];
  /** Whether anything was listed, or uploads were given up. */
  readonly found: boolean;
  /** Whether anything was there at all, be it an empty folder. */
  readonly there: boolean;
}

/**
 * Removes what one listing finds. Where it finds files there will be another, so uploads are left to that; a real
 * folder holds them besides its files, and is removed with them.
 */
async function removeListed(work: Work): Promise<Listed> {
  const { store, subtree, io } = work;
  const real = store.traits.directories === 'real';
  const { folders, found } = await removeFiles(work);
  if (real && !found && (await store.stat(subtree.under, io)) === undefined)
    return { folders, found, there: false };
  const areNext = found && !real;
  const any = (!areNext && (await discardUnfinished(work))) || found;
  return { folders, found: any, there: any || real };
}

/** Whether nothing can be there, by one look at the folder that would hold it, where that is a single request. */
async function isHolderAbsent({
  store,
  subtree,
  io,
}: Pick<Work, 'store' | 'subtree' | 'io'>): Promise<boolean> {
  const { directories, stat } = store.traits;
  return directories === 'real' && stat === 'request' && (await store.stat(subtree.holder, io)) === undefined;
}

/**
 * Removes everything in a subtree, and lists it again until nothing is there: what a client still writes is found too.
 * Links are removed, never followed. Then the folder that held it, if it is empty.
 * @returns whether anything was there
 * @throws Failure the first reason of what could not be removed; changed
 */
export async function emptySubtree(
  store: ArtifactStore,
  subtree: Subtree,
  readAgain: ReadAgain,
  removed: Removed,
  io: Io,
): Promise<boolean> {
  if (await isHolderAbsent({ store, subtree, io })) return false;
  let any = false;
  for (let round = 0; round < ROUNDS; round += 1) {
    const work: Work = { store, subtree, readAgain, removed, io, undone: [], failures: 0 };
    const { folders, found, there } = await removeListed(work);
    if (!there) {
      const isReal = store.traits.directories === 'real';
      if (isReal) await store.remove([{ path: subtree.holder, kind: 'directory' }], io);
      return any;
    }
    // An empty folder: nothing was removed yet that the row was read again for.
    if (!any && !found) await readAgain();
    any = true;
    if (work.failures === 0) await removeFolders(work, folders);
    // A folder into which somebody wrote meanwhile is listed again.
    if (
      work.failures > 0 &&
      !(round + 1 < ROUNDS && work.undone.every(({ removal }) => removal.kind === 'directory'))
    )
      throw refused(store, work.undone, work.failures);
  }
  throw new Failure({
    kind: 'conflict',
    message: `${store.label}/${subtree.under} was listed ${ROUNDS} times and is still not empty: somebody writes there`,
    hint: 'run gc again when the client has ended',
    subject: store.label,
  });
}
