import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join, relative } from 'node:path';
import type { Io } from '../../../core/io.ts';
import {
  collectingMark,
  COLLECTING_TAG,
  type Begun,
  type Candidate,
  type CollectKind,
  type Erased,
  type Expected,
} from '../../collect.ts';
import type { FileContext } from '../context.ts';
import { forEachFew, writeKeyFile } from '../key-files.ts';
import { errorCode, exists, fileFailure } from '../layout.ts';
import { candidateOf } from './candidates.ts';
import { countChildren } from './children.ts';
import { removeEmptyFolder, refuseLinks } from './empty-folder.ts';
import { removeLast } from './finish-erased.ts';
import { CLAIMED, metaNameOf, unclaim, type Finder, type Row } from './folders.ts';
import { createMoved, type Moved } from './moved.ts';

/** What erasing needs. */
export interface Erasing {
  readonly context: FileContext;
  readonly finder: Finder;
  /** What went in a batch of which something else failed: it is asked for again. */
  readonly erased: Set<string>;
}

/** A row that is still deleted and as expected; else what became of it. */
async function stillThere(
  kind: CollectKind,
  expected: Expected,
  moved: Moved,
  { finder }: Erasing,
): Promise<{ readonly row: Row; readonly now: Candidate; readonly fits: boolean } | undefined> {
  const row = await finder.find(kind, expected.id);
  if (!row) return undefined;
  const now = await candidateOf(row, Object.keys(expected.tags), moved);
  const same =
    now.uri === expected.uri &&
    Object.entries(expected.tags).every(([key, value]) => now.tags[key] === value);
  return { row, now, fits: now.stage === 'deleted' && (same || row.isClaimed) };
}

/** Notes on rows that their files are being removed. @returns the ids of those that are still as expected */
export async function markRows(
  erasing: Erasing,
  kind: CollectKind,
  items: readonly Begun[],
): Promise<ReadonlySet<string>> {
  const { context } = erasing;
  const moved = await createMoved(context);
  const fit = new Set<string>();
  await forEachFew(items, async (item) => {
    const found = await stillThere(kind, item, moved, erasing);
    if (!found?.fits) return;
    const { row, now } = found;
    await refuseLinks(context.root, relative(context.root, row.folder));
    if (kind !== 'experiment' && !row.isClaimed)
      await writeKeyFile(row.folder, 'tags', COLLECTING_TAG, collectingMark(now, item.where));
    fit.add(item.id);
  });
  return fit;
}

/** A run that was restored is found by MLflow only if it has the folder of its files. */
async function mend({ kind, folder }: Row): Promise<void> {
  if (kind === 'run') await mkdir(join(folder, 'artifacts'), { recursive: true });
}

/** Takes the description away, so that MLflow can no longer restore what is being erased. */
async function claim({ folder, kind }: Row): Promise<boolean> {
  try {
    await rename(join(folder, metaNameOf(kind)), join(folder, CLAIMED));
    return true;
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT') return false;
    throw fileFailure(thrown, folder);
  }
}

/** Removes what is in a claimed folder, and the folder. @returns false when somebody wrote a new description */
async function removeFolder({ folder, kind }: Row): Promise<boolean> {
  try {
    for (const name of await readdir(folder)) {
      if (name === CLAIMED) continue;
      if (await exists(join(folder, metaNameOf(kind)))) return false;
      await rm(join(folder, name), { recursive: true, force: true });
    }
    await removeLast(folder);
    return true;
  } catch (thrown) {
    // The experiment was moved out of the trash meanwhile.
    if (errorCode(thrown) === 'ENOENT') return false;
    throw fileFailure(thrown, folder);
  }
}

async function eraseOne(
  kind: CollectKind,
  expected: Expected,
  moved: Moved,
  erasing: Erasing,
  io: Io,
): Promise<Erased> {
  const { context, finder } = erasing;
  const found = await stillThere(kind, expected, moved, erasing);
  if (!found) return erasing.erased.delete(expected.id) ? 'erased' : 'absent';
  const { row } = found;
  if (!found.fits) {
    await mend(row);
    return 'changed';
  }
  if (kind === 'experiment' && (await holdsAnything(context, expected.id, io))) return 'changed';
  await refuseLinks(context.root, relative(context.root, row.folder));
  if (kind !== 'experiment') await removeEmptyFolder(join(row.folder, 'artifacts'));
  if (!row.isClaimed && !(await claim(row))) return 'changed';
  // Between the look and the claim it may have been restored.
  const again = await finder.find(kind, expected.id);
  if (again?.isClaimed && wasDeleted(again) && (await removeFolder(again))) return 'erased';
  await putBack(kind, expected.id, erasing);
  return 'changed';
}

async function holdsAnything(context: FileContext, id: string, io: Io): Promise<boolean> {
  const { runs, models, traces } = await countChildren(context, id, io);
  return runs + models + traces > 0;
}

async function putBack(kind: CollectKind, id: string, { finder }: Erasing): Promise<void> {
  const left = await finder.find(kind, id);
  if (left?.isClaimed) await unclaim(left);
  if (left) await mend(left);
}

/** What a claimed description says; what is in the trash was deleted, whatever it says. */
function wasDeleted({ kind, meta, experiment }: Row): boolean {
  if (kind === 'trace' || kind === 'experiment') return experiment.isDeleted;
  return meta.text('lifecycle_stage') === 'deleted';
}

/**
 * Erases the folders of rows: first their description is taken away, so that nobody restores half of one, then
 * everything in them. A kill leaves a folder that the next gc finds.
 */
export async function eraseRows(
  erasing: Erasing,
  kind: CollectKind,
  items: readonly Expected[],
  io: Io,
): Promise<ReadonlyMap<string, Erased>> {
  const { context } = erasing;
  const moved = await createMoved(context);
  const ended = new Map<string, Erased>();
  const all = async (): Promise<void> => {
    const failures: unknown[] = [];
    await forEachFew(items, async (item) => {
      try {
        io.signal.throwIfAborted();
        ended.set(item.id, await eraseOne(kind, item, moved, erasing, io));
      } catch (thrown) {
        failures.push(thrown);
      }
    });
    if (failures.length === 0) return;
    for (const [id, how] of ended) if (how === 'erased') erasing.erased.add(id);
    throw failures[0];
  };
  // Restoring an experiment is a change of experiments: no other mlstow does it meanwhile.
  if (kind === 'experiment') await context.alone(io, all);
  else await all();
  return ended;
}
