import type { ArtifactStore } from '../artifacts/store.ts';
import type { Clock } from '../core/clock.ts';
import { asFailure, Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import { formatLocation, type Location } from '../core/location.ts';
import type { Begun, Collectable, CollectKind, Erased, Expected } from '../tracking/collect.ts';
import { whereOf } from './begun.ts';
import type { Batcher } from './batcher.ts';
import { createClearing, type ClearSubtree } from './clear-subtree.ts';
import { nothingRemoved, type Removed } from './empty-subtree.ts';
import { createGathering, type Gathering } from './gathering.ts';
import type { Item, Outcome } from './item.ts';
import { subtreesOf } from './judge.ts';
import type { Physical } from './references.ts';
import { createProofs, unprovenReason, type Proof, type Proofs } from './roots.ts';
import type { Scratch } from './scratch/open-scratch.ts';
import { shareRequests } from './share/share-requests.ts';

/** What collecting needs. */
export interface Collecting {
  readonly records: Collectable;
  readonly scratch: Scratch;
  readonly physical: Physical;
  /** A store at a location; cheap. */
  readonly open: (location: Location) => Promise<ArtifactStore>;
  readonly locationTag: string;
  readonly acceptMissing: boolean;
  readonly breakReferences: boolean;
  /** Whether older versions go too, where the server keeps them. */
  readonly allVersions: boolean;
  readonly width: number;
  readonly clock: Clock;
  readonly warn: (message: string) => void;
  readonly io: Io;
}

/** Removes one item's files, then its rows. Never throws but for an abort. */
export type CollectOne = (item: Item) => Promise<Outcome>;

/** Rows marked or erased in one transaction. */
const TOGETHER = 100;

interface Parts extends Collecting {
  readonly proofs: Proofs;
  readonly clear: ClearSubtree;
  readonly gathering: Gathering;
  readonly mark: Readonly<Record<CollectKind, Batcher<Begun, boolean>>>;
  readonly erase: Readonly<Record<CollectKind, Batcher<Expected, Erased>>>;
}

function byKind<R>(make: (kind: CollectKind) => R): Readonly<Record<CollectKind, R>> {
  return { run: make('run'), model: make('model'), trace: make('trace'), experiment: make('experiment') };
}

function partsOf(collecting: Collecting): Parts {
  const { records, clock, io } = collecting;
  const gathering = createGathering(clock);
  return {
    ...collecting,
    gathering,
    proofs: createProofs(collecting),
    clear: createClearing(collecting),
    mark: byKind((kind) =>
      gathering.batcher(
        async (items) => {
          const fit = await records.mark(kind, items, io);
          return items.map(({ id }) => fit.has(id));
        },
        () => TOGETHER,
      ),
    ),
    erase: byKind((kind) =>
      gathering.batcher(
        async (items) => {
          const ended = await records.erase(kind, items, io);
          return items.map(({ id }) => ended.get(id) ?? 'absent');
        },
        // Experiments hold each other up for long enough one by one.
        () => (kind === 'experiment' ? 1 : Math.min(TOGETHER, records.eraseAtOnce())),
      ),
    ),
  };
}

function expectedOf({ kind, id, uri, taggedUri }: Item, locationTag: string): Expected {
  return {
    kind,
    id,
    ...(uri === undefined ? {} : { uri }),
    tags: taggedUri === undefined ? {} : { [locationTag]: taggedUri },
  };
}

function changed(item: Item): Failure {
  return new Failure({
    kind: 'changed',
    message: `the ${item.kind} ${item.id} is no longer what was to go`,
    subject: item.id,
  });
}

/** Looks before each batch whether the row still is as it was; the first look also notes that files go. */
function watch(item: Item, where: string, parts: Parts): () => Promise<void> {
  const { records, locationTag, io } = parts;
  const expected = expectedOf(item, locationTag);
  let first = true;
  return async () => {
    if (first) {
      first = false;
      if (!(await parts.mark[item.kind]({ ...expected, where }))) throw changed(item);
      return;
    }
    const scope = { workspace: 'all', tagKeys: [locationTag] } as const;
    const [now] = await records.find(item.kind, [item.id], scope, io);
    const same = now?.stage === 'deleted' && now.uri === item.uri;
    if (!same || now.tags[locationTag] !== item.taggedUri) throw changed(item);
  };
}

function outcome(
  item: Item,
  removed: Removed,
  end: Omit<Outcome, 'item' | 'objects' | 'bytes' | 'notFreed'>,
): Outcome {
  const { objects, bytes, notFreed } = removed;
  return { item, objects, bytes, ...(notFreed > 0 ? { notFreed } : {}), ...end };
}

/** The row changed: nothing is wrong unless some of its files are gone. */
function restored(item: Item, removed: Removed): Outcome {
  if (removed.objects === 0)
    return outcome(item, removed, { action: 'skip', reason: 'it was restored or changed meanwhile' });
  const reason = `it was restored or changed after ${removed.objects} of its objects had been removed`;
  return outcome(item, removed, { action: 'fail', reason, gone: removed.gone });
}

/** Removes the files. @returns an outcome where the rows have to stay */
async function removeFiles(item: Item, parts: Parts, removed: Removed): Promise<Outcome | undefined> {
  const { open, clear, proofs, acceptMissing } = parts;
  const subtrees = await subtreesOf(item, parts);
  const where = await whereOf(subtrees, open);
  // A root that is not what it seems to be is no place to remove anything from either.
  const found: Proof = acceptMissing ? { proven: true } : await proofs.ofItem(item, subtrees, where);
  if (!found.proven)
    return outcome(item, removed, { action: 'keep', reason: unprovenReason(found.reason), brake: 'root' });
  const readAgain = watch(item, where, parts);
  for (const subtree of subtrees) await clear(await open(subtree.base), subtree, readAgain, removed);
  return undefined;
}

async function eraseRows(item: Item, parts: Parts, removed: Removed): Promise<Outcome> {
  const ended = await parts.erase[item.kind](expectedOf(item, parts.locationTag));
  if (ended === 'erased') return outcome(item, removed, { action: 'delete' });
  if (ended === 'absent')
    return outcome(item, removed, { action: 'absent', reason: 'it is not there any more' });
  if (item.kind !== 'experiment') return restored(item, removed);
  return outcome(item, removed, { action: 'keep', reason: await leftIn(item, parts) });
}

async function leftIn({ id }: Item, { records, io }: Parts): Promise<string> {
  const { runs, models, traces, active } = await records.children(id, io);
  if (runs + models + traces === 0) return 'it was restored or changed meanwhile';
  const told = active.length > 0 ? `; active: ${active.join(', ')}` : '';
  return `still in it: ${runs} runs, ${models} models, ${traces} traces${told}`;
}

/** Prepares to collect items one by one, many at once; the failure of one is no other's. */
export function createCollector(collecting: Collecting): CollectOne {
  const stores = new Map<string, Promise<ArtifactStore>>();
  const open = async (location: Location): Promise<ArtifactStore> => {
    const key = formatLocation(location);
    if (stores.size > 1000) stores.clear();
    const store = stores.get(key) ?? collecting.open(location).then(shareRequests);
    stores.set(key, store);
    return store;
  };
  const parts = partsOf({ ...collecting, open });
  return async (item) => parts.gathering.during(() => collectOne(item, parts));
}

async function collectOne(item: Item, parts: Parts): Promise<Outcome> {
  const removed = nothingRemoved();
  try {
    return (await removeFiles(item, parts, removed)) ?? (await eraseRows(item, parts, removed));
  } catch (thrown) {
    const failure = asFailure(thrown, item.id);
    if (failure.kind === 'changed') return restored(item, removed);
    const later = parts.io.signal.aborted ? ' before it was done; the next gc goes on' : '';
    return outcome(item, removed, { action: 'fail', reason: `${failure.message}${later}` });
  }
}
