import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Io } from '../../../core/io.ts';
import type { Children, CollectCounts, CollectKind, CollectScope } from '../../collect.ts';
import type { FileContext } from '../context.ts';
import { experimentFolders, isFolder, TRASH, type ExperimentFolder } from '../layout.ts';
import { isInScope, rowPages, stageOf } from './candidates.ts';
import { folderOf, idsIn } from './folders.ts';

/** Ids of active ones that are told. */
const MOST_TOLD = 5;

async function isEmpty(folder: string): Promise<boolean> {
  const entries = await readdir(folder).catch(() => ['?']);
  return entries.length === 0;
}

/** Folders count although nothing describes them: whoever made them may miss what is there. */
async function countIn(kind: CollectKind, experiment: ExperimentFolder): Promise<number> {
  let count = 0;
  for (const id of await idsIn(kind, experiment))
    if (!(await isEmpty(folderOf(kind, id, experiment)))) count += 1;
  return count;
}

/** What is left in an experiment. */
export async function countChildren(context: FileContext, id: string, io: Io): Promise<Children> {
  const path = join(context.root, TRASH, id);
  const isDeleted = await isFolder(path);
  const experiment = { id, path: isDeleted ? path : join(context.root, id), isDeleted };
  const active: string[] = [];
  for (const kind of ['run', 'model'] as const) {
    for await (const rows of rowPages(context, kind, experiment, io)) {
      for (const row of rows) if (stageOf(row) === 'active' && active.length < MOST_TOLD) active.push(row.id);
    }
  }
  return {
    runs: await countIn('run', experiment),
    models: await countIn('model', experiment),
    traces: await countIn('trace', experiment),
    active,
    // A dataset is in the folder of its experiment, and so are the runs that it is an input of.
    users: [],
  };
}

/** How many runs, models and experiments there are. */
export async function countAll(context: FileContext, scope: CollectScope, io: Io): Promise<CollectCounts> {
  const counts = {
    run: { deleted: 0, all: 0 },
    model: { deleted: 0, all: 0 },
    experiment: { deleted: 0, all: 0 },
  };
  for (const experiment of isInScope(scope) ? await experimentFolders(context.root) : []) {
    for (const kind of ['run', 'model', 'experiment'] as const) {
      for await (const rows of rowPages(context, kind, experiment, io)) {
        counts[kind].all += rows.length;
        counts[kind].deleted += rows.filter((row) => stageOf(row) === 'deleted').length;
      }
    }
  }
  return { runs: counts.run, models: counts.model, experiments: counts.experiment };
}
