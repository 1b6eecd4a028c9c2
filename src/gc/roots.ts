import type { ArtifactStore } from '../artifacts/store.ts';
import { parseArtifactPath, type ArtifactPath } from '../core/artifact-path.ts';
import { asFailure, Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import { formatLocation, parseLocation, type Location } from '../core/location.ts';
import { ERASING } from '../tracking/collect.ts';
import { missingFolder, whereOf, type Open } from './begun.ts';
import type { Action, Brake, Item } from './item.ts';
import { decide, itemsWhere } from './items.ts';
import { placesOf, type Subtree } from './place.ts';
import type { Physical } from './references.ts';
import type { Scratch } from './scratch/open-scratch.ts';
import { subtreesOf } from './judge.ts';

/** Whether absence below a root means that something was removed, and not that the root is another one. */
export type Proof = { readonly proven: true } | { readonly proven: false; readonly reason: string };

/** What proofs are made with. */
export interface Proving {
  readonly scratch: Scratch;
  readonly physical: Physical;
  readonly open: Open;
  readonly io: Io;
}

/** Items whose presence speaks for a root. */
const SAMPLE = 20;

/** Whether anything is there: files, or the folder itself where folders are real. */
export async function isPresent(store: ArtifactStore, path: ArtifactPath, io: Io): Promise<boolean> {
  if (store.traits.directories === 'real') return (await store.stat(path, io)) !== undefined;
  for await (const page of store.list(path, { recursive: true }, io)) if (page.length > 0) return true;
  return false;
}

async function holdsSomething(store: ArtifactStore, io: Io): Promise<boolean> {
  for await (const page of store.list('', { recursive: false }, io)) if (page.length > 0) return true;
  return false;
}

const unproven = (reason: string): Proof => ({ proven: false, reason });

/** Whether any of the first items at a root is where it should be, and how many were looked for. */
async function itemsHold(
  uri: string,
  marked: 'marked IS NULL' | 'marked IS NOT NULL',
  { scratch, physical, open, io }: Proving,
): Promise<{ readonly held: boolean; readonly looked: number }> {
  let looked = 0;
  for (const item of itemsWhere(scratch, `root = ? AND action = 'delete' AND ${marked}`, uri)) {
    for (const { base, under } of await subtreesOf(item, { physical, warn: () => undefined }))
      if (await isPresent(await open(base), under, io)) return { held: true, looked };
    looked += 1;
    if (looked === SAMPLE) break;
  }
  return { held: false, looked };
}

/** Whether any of so many other things that are recorded below a root is there. */
async function othersHold(root: Location, most: number, { scratch, open, io }: Proving): Promise<boolean> {
  const store = await open(root);
  const place = (await placesOf(root)).at(-1);
  const top = place?.path === '' ? '' : `${place?.path ?? ''}/`;
  const others = scratch.all(
    "SELECT path FROM refs WHERE store = ? AND role = 'files' AND path >= ? AND path < ? LIMIT ?",
    place?.store ?? '',
    top,
    top === '' ? '\u{10ffff}' : `${top.slice(0, -1)}0`,
    most,
  );
  for (const { path } of others) {
    const below = String(path).slice(top.length);
    if (below !== '' && (await isPresent(store, parseArtifactPath(below), io))) return true;
  }
  return false;
}

/** Of the first items at a root, and of what else is recorded there, whether any is where it should be. */
async function sampleHolds(root: Location, uri: string, proving: Proving): Promise<boolean> {
  const { held, looked } = await itemsHold(uri, 'marked IS NULL', proving);
  if (held || looked === SAMPLE) return held;
  if (await othersHold(root, SAMPLE - looked, proving)) return true;
  // What an earlier gc began with may be absent because of that: it speaks for a root, never against it.
  return (await itemsHold(uri, 'marked IS NOT NULL', proving)).held;
}

async function prove(uri: string, proving: Proving): Promise<Proof> {
  const { open, io } = proving;
  const root = parseLocation(uri);
  const store = await open(root);
  const { anchor } = await store.facts(io);
  if (anchor === 'absent') return unproven(`${store.label} is not there`);
  const bucket = root.path === '' || root.scheme === 'file' ? undefined : bucketOf(root);
  if (!(await holdsSomething(store, io)) && !(bucket && (await holdsSomething(await open(bucket), io))))
    return unproven(`${store.label} is empty`);
  if (await sampleHolds(root, uri, proving)) return { proven: true };
  return unproven(`nothing of what was looked for at ${store.label} is there`);
}

function bucketOf({ scheme, authority }: Location): Location | undefined {
  if (!['s3', 'gs', 'r2', 'b2', 'wasbs', 'abfss'].includes(scheme)) return undefined;
  return parseLocation(`${scheme}://${authority}`);
}

/** Proofs, each made once. What cannot be asked is a Failure every time. */
export interface Proofs {
  /** Whether absence below an artifact root means something. */
  readonly ofRoot: (uri: string) => Promise<Proof>;
  /** The same for one item: what an earlier gc began with at this very place needs no other one beside it. */
  readonly ofItem: (item: Item, subtrees: readonly Subtree[], where: string) => Promise<Proof>;
}

/** Has proven nothing yet. */
export function createProofs(proving: Proving): Proofs {
  const made = new Map<string, Promise<Proof>>();
  const once = async (key: string, prove: () => Promise<Proof>): Promise<Proof> => {
    const known = made.get(key) ?? guarded(prove());
    made.set(key, known);
    return known;
  };
  const { open, io } = proving;
  const ofRoot = (uri: string): Promise<Proof> => once(`root ${uri}`, () => prove(uri, proving));
  const ofBegun = (subtree: Subtree): Promise<Proof> =>
    once(`begun ${formatLocation(subtree.base)}`, async () => {
      const missing = await missingFolder(subtree, open, io);
      return missing === undefined ? { proven: true } : unproven(`${missing} is not there`);
    });
  return {
    ofRoot,
    ofItem: async ({ root, marked }, subtrees, where) => {
      if (root === undefined || marked === ERASING) return { proven: true };
      if (marked === undefined) return ofRoot(root);
      if (marked !== where) return elsewhere(await ofRoot(root));
      for (const subtree of subtrees) {
        const found = await ofBegun(subtree);
        if (!found.proven) return found;
      }
      return { proven: true };
    },
  };
}

/** It is no sign of this place that its files are not here. */
function elsewhere(found: Proof): Proof {
  if (found.proven) return found;
  return unproven(
    `an earlier gc began with it at another server or at another location, and ${found.reason}`,
  );
}

/** What is said of an item whose root is not proven. */
export function unprovenReason(reason: string): string {
  return `${reason}, so its absence proves nothing; --accept-missing goes on`;
}

/** Decides about what would be kept for its root, as collecting does when it comes to it. */
export async function proveRoots(proving: Proving): Promise<void> {
  const { scratch } = proving;
  const proofs = createProofs(proving);
  await proveBegun(proofs, proving);
  const going = "action = 'delete' AND marked IS NULL";
  const roots = scratch.all(`SELECT DISTINCT root FROM items WHERE ${going} AND root IS NOT NULL`);
  const settle = (uri: string, action: Action, reason: string, brake: Brake | null): void =>
    scratch.run(
      `UPDATE items SET action = ?, reason = ?, brake = ? WHERE ${going} AND root = ?`,
      action,
      reason,
      brake,
      uri,
    );
  for (const { root } of roots) {
    const uri = String(root);
    try {
      const found = await proofs.ofRoot(uri);
      if (!found.proven) settle(uri, 'keep', unprovenReason(found.reason), 'root');
    } catch (thrown) {
      proving.io.signal.throwIfAborted();
      settle(uri, 'fail', asFailure(thrown, uri).message, null);
    }
  }
}

/** The same for each item that an earlier gc began with; those are few. */
async function proveBegun(proofs: Proofs, proving: Proving): Promise<void> {
  const { scratch, physical, open, io } = proving;
  for (const item of itemsWhere(scratch, "action = 'delete' AND marked IS NOT NULL")) {
    try {
      const subtrees = await subtreesOf(item, { physical, warn: () => undefined });
      const found = await proofs.ofItem(item, subtrees, await whereOf(subtrees, open));
      if (!found.proven) decide(scratch, item.seq, 'keep', unprovenReason(found.reason), 'root');
    } catch (thrown) {
      io.signal.throwIfAborted();
      decide(scratch, item.seq, 'fail', asFailure(thrown, item.id).message);
    }
  }
}

/** A bucket that does not exist is a place that is not proven, not trouble. */
async function guarded(proof: Promise<Proof>): Promise<Proof> {
  try {
    return await proof;
  } catch (thrown) {
    if (thrown instanceof Failure && thrown.kind === 'not-found') return unproven(thrown.message);
    throw thrown;
  }
}
