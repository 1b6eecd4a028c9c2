import type { ArtifactStore, Entry } from '../../artifacts/store.ts';
import { asFailure, Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import { appendToLocation, type Location } from '../../core/location.ts';
import type { Collectable } from '../../tracking/collect.ts';
import type { ClearSubtree } from '../clear-subtree.ts';
import { nothingRemoved } from '../empty-subtree.ts';
import type { Outcome, Told } from '../item.ts';
import type { Orphan } from './orphans.ts';

/** What removing orphans needs. */
export interface Sweeping {
  readonly store: ArtifactStore;
  readonly root: Location;
  readonly databases: readonly Collectable[];
  /** What is younger is live, in ms since the epoch. */
  readonly before: number;
  readonly clear: ClearSubtree;
  readonly io: Io;
}

/** An orphan as it is told. */
export function toldOrphan(orphan: Orphan, root: Location): Told {
  const { kind, id, experimentId, under } = orphan;
  return { kind, id, experimentId, uri: appendToLocation(root, under).redacted, named: false };
}

function lives(path: string, store: ArtifactStore): Failure {
  return new Failure({
    kind: 'changed',
    message: `${path} was written meanwhile`,
    subject: `${store.label}/${path}`,
  });
}

/** The same store, whose listings fail with `changed` at what is young or undated. */
function onlyOld(store: ArtifactStore, before: number): ArtifactStore {
  const isOld = (time: Date | undefined): boolean => time !== undefined && time.getTime() <= before;
  const check = (entry: Entry): void => {
    if (entry.kind !== 'directory' && !isOld(entry.modified)) throw lives(entry.path, store);
  };
  const { incomplete } = store;
  return {
    ...store,
    list: async function* (under, options, io) {
      for await (const page of store.list(under, options, io)) {
        page.forEach(check);
        yield page;
      }
    },
    ...(incomplete
      ? {
          incomplete: {
            ...incomplete,
            list: async function* (under, io) {
              for await (const page of incomplete.list(under, io)) {
                const young = page.find(({ started }) => !isOld(started));
                if (young) throw lives(young.path, store);
                yield page;
              }
            },
          },
        }
      : {}),
  };
}

/** Nothing of it is touched unless all of it is old. @throws Failure changed */
async function assertOld(old: ArtifactStore, { under }: Orphan, io: Io): Promise<void> {
  const through = async (pages: AsyncIterable<unknown>): Promise<void> => {
    for await (const page of pages) if (page === undefined) return;
  };
  await through(old.list(under, { recursive: true }, io));
  if (old.incomplete) await through(old.incomplete.list(under, io));
}

/** Somebody may have recorded it meanwhile. @throws Failure changed */
async function assertUnknown({ kind, id }: Orphan, { databases, io, store }: Sweeping): Promise<void> {
  for (const database of databases) {
    const [known] = await database.find(kind, [id], { workspace: 'all', tagKeys: [] }, io);
    if (known)
      throw new Failure({ kind: 'changed', message: `${id} is recorded by now`, subject: store.label });
  }
}

/** Removes one orphan, after another look at the databases and at how old it is. Never throws but for an abort. */
export async function collectOrphan(orphan: Orphan, sweeping: Sweeping): Promise<Outcome> {
  const { store, root, before, clear, io } = sweeping;
  const removed = nothingRemoved();
  const ended = (end: Omit<Outcome, 'item' | 'objects' | 'bytes'>): Outcome => ({
    item: toldOrphan(orphan, root),
    objects: removed.objects,
    bytes: removed.bytes,
    ...(removed.notFreed > 0 ? { notFreed: removed.notFreed } : {}),
    ...end,
  });
  const old = onlyOld(store, before);
  const { under, holder } = orphan;
  try {
    await assertOld(old, orphan, io);
    const subtree = { base: root, under, holder, root };
    const found = await clear(old, subtree, () => assertUnknown(orphan, sweeping), removed);
    return found
      ? ended({ action: 'delete' })
      : ended({ action: 'absent', reason: 'it is not there any more' });
  } catch (thrown) {
    if (io.signal.aborted) throw thrown;
    const { kind, message } = asFailure(thrown, store.label);
    if (kind !== 'changed' || removed.objects > 0)
      return ended({
        action: 'fail',
        reason: message,
        ...(removed.objects > 0 ? { gone: removed.gone } : {}),
      });
    return ended({ action: 'skip', reason: message });
  }
}
