import { join } from 'node:path';
import type { Collectable } from '../../collect.ts';
import type { Tags } from '../../entities.ts';
import { lockSideFile } from '../../sql/side-file-lock.ts';
import type { FileContext } from '../context.ts';
import { experimentFolders } from '../layout.ts';
import { deletedPages, findCandidates, tagsOf } from './candidates.ts';
import { countAll, countChildren } from './children.ts';
import { eraseRows, markRows } from './erase.ts';
import { finishErased } from './finish-erased.ts';
import { createFinder } from './folders.ts';
import { createMoved } from './moved.ts';
import { readReferences } from './references.ts';

/** The side file of gc's lock; MLflow passes over files. */
const LOCK = '.mlstow-gc.lock';
/** Messages that are remembered. */
const MOST_TOLD = 1000;

async function taggedExperiments(
  context: FileContext,
  keys: readonly string[],
): Promise<ReadonlyMap<string, Tags>> {
  const found = new Map<string, Tags>();
  if (keys.length === 0) return found;
  for (const { id, path } of await experimentFolders(context.root)) {
    const tags = await tagsOf({ folder: path }, keys);
    if (Object.keys(tags).length > 0) found.set(id, tags);
  }
  return found;
}

/** What is damaged is met in every pass, and told in the first. */
function once(notify: FileContext['notify']): FileContext['notify'] {
  const told = new Set<string>();
  return (message) => {
    if (told.has(message)) return;
    if (told.size < MOST_TOLD) told.add(message);
    notify(message);
  };
}

/** What gc needs of a file store: all runs of all experiments, those in the trash too. */
export function fileCollect(opened: FileContext): Collectable {
  const context = { ...opened, notify: once(opened.notify) };
  const finder = createFinder(context);
  const erasing = { context, finder, erased: new Set<string>() };
  return {
    label: context.label,
    schema: { known: true },
    now: async () => context.clock.now(),
    counts: (scope, io) => countAll(context, scope, io),
    deleted: async function* (kind, scope, io) {
      yield* deletedPages(context, finder, await createMoved(context), kind, scope, io);
    },
    find: async (kind, ids, scope) =>
      findCandidates(context, finder, await createMoved(context), kind, ids, scope),
    taggedExperiments: (keys) => taggedExperiments(context, keys),
    references: async function* (locationTag, io) {
      yield* readReferences({ context, moved: await createMoved(context), locationTag, io });
    },
    children: (id, io) => countChildren(context, id, io),
    mark: (kind, items) => markRows(erasing, kind, items),
    eraseAtOnce: () => Number.POSITIVE_INFINITY,
    erase: (kind, items, io) => eraseRows(erasing, kind, items, io),
    lock: async (ask, io) => {
      const lock = await lockSideFile(join(context.root, LOCK), ask, context.clock, io);
      try {
        if (lock) await finishErased(context);
      } catch (thrown) {
        await lock?.release();
        throw thrown;
      }
      return lock;
    },
  };
}
