import type { ArtifactStore } from '../artifacts/store.ts';
import { parseArtifactPath, type ArtifactPath } from '../core/artifact-path.ts';
import { asFailure, Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import { formatLocation, parseLocation, type Location } from '../core/location.ts';
import type { Action, Brake } from './item.ts';
import { itemsWhere } from './items.ts';
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
  readonly open: (location: Location) => Promise<ArtifactStore>;
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

/** Of the first items at a root, and of what else is recorded there, whether any is where it should be. */
async function sampleHolds(
  root: Location,
  { scratch, physical, open, io }: Proving,
  uri: string,
): Promise<boolean> {
  let looked = 0;
  // What an earlier gc began with is absent because of that.
  for (const item of itemsWhere(scratch, "root = ? AND action = 'delete' AND marked = 0", uri)) {
    for (const { base, under } of await subtreesOf(item, { physical, warn: () => undefined })) {
      if (await isPresent(await open(base), under, io)) return true;
    }
    looked += 1;
    if (looked === SAMPLE) return false;
  }
  const store = await open(root);
  const place = (await placesOf(root)).at(-1);
  const top = place?.path === '' ? '' : `${place?.path ?? ''}/`;
  const others = scratch.all(
    "SELECT path FROM refs WHERE store = ? AND role = 'files' AND path >= ? AND path < ? LIMIT ?",
    place?.store ?? '',
    top,
    top === '' ? '\u{10ffff}' : `${top.slice(0, -1)}0`,
    SAMPLE - looked,
  );
  for (const { path } of others) {
    const below = String(path).slice(top.length);
    if (below !== '' && (await isPresent(store, parseArtifactPath(below), io))) return true;
  }
  return false;
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
  if (await sampleHolds(root, proving, uri)) return { proven: true };
  return unproven(`nothing of what was looked for at ${store.label} is there`);
}

function bucketOf({ scheme, authority }: Location): Location | undefined {
  if (!['s3', 'gs', 'r2', 'b2', 'wasbs', 'abfss'].includes(scheme)) return undefined;
  return parseLocation(`${scheme}://${authority}`);
}

/**
 * Whether files that an earlier gc began to remove are gone because of that: the folder of their experiment, which gc
 * never removes, tells an emptied root from one that is not mounted. Without real folders the store itself has to tell.
 */
async function proveBegun({ base, root }: Subtree, { open, io }: Proving): Promise<Proof> {
  const store = await open(base);
  if (store.traits.directories === 'virtual') return { proven: true };
  const folder = formatLocation(base)
    .slice(formatLocation(root).length)
    .replaceAll(/^\/|\/$/g, '');
  const there =
    folder === ''
      ? (await store.facts(io)).anchor === 'present'
      : (await (await open(root)).stat(parseArtifactPath(folder), io)) !== undefined;
  return there ? { proven: true } : unproven(`${store.label} is not there`);
}

/** Proofs, each made once. What cannot be asked is a Failure every time. */
export interface Proofs {
  /** Whether absence below an artifact root means something. */
  readonly ofRoot: (uri: string) => Promise<Proof>;
  /** The same for an item that an earlier gc began with. */
  readonly ofBegun: (subtree: Subtree) => Promise<Proof>;
}

/** Has proven nothing yet. */
export function createProofs(proving: Proving): Proofs {
  const made = new Map<string, Promise<Proof>>();
  const once = async (key: string, prove: () => Promise<Proof>): Promise<Proof> => {
    const known = made.get(key) ?? guarded(prove());
    made.set(key, known);
    return known;
  };
  return {
    ofRoot: (uri) => once(`root ${uri}`, () => prove(uri, proving)),
    ofBegun: (subtree) => once(`begun ${formatLocation(subtree.base)}`, () => proveBegun(subtree, proving)),
  };
}

/** What is said of an item whose root is not proven. */
export function unprovenReason(reason: string): string {
  return `${reason}, so its absence proves nothing; --accept-missing goes on`;
}

/** Decides about what would be kept for its root, as collecting does when it comes to it. */
export async function proveRoots(proving: Proving): Promise<void> {
  const { scratch } = proving;
  const { ofRoot } = createProofs(proving);
  const going = "action = 'delete' AND marked = 0";
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
      const found = await ofRoot(uri);
      if (!found.proven) settle(uri, 'keep', unprovenReason(found.reason), 'root');
    } catch (thrown) {
      proving.io.signal.throwIfAborted();
      settle(uri, 'fail', asFailure(thrown, uri).message, null);
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
