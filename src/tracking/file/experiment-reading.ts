import { join } from 'node:path';
import { Failure } from '../../core/failure.ts';
import type { Experiment, View } from '../entities.ts';
import type { FileContext } from './context.ts';
import { forEachFew, readKeyFiles } from './key-files.ts';
import type { ExperimentFolder } from './layout.ts';
import { experimentFolders } from './layout.ts';
import { readMeta } from './meta.ts';

function required(value: string | undefined, key: string, folder: ExperimentFolder): string {
  if (value !== undefined) return value;
  throw new Failure({
    kind: 'corrupt',
    message: `${join(folder.path, 'meta.yaml')} holds no ${key}`,
    subject: folder.path,
    hint: 'restore the file from a backup, or move its folder out of the store',
  });
}

/** Reads one experiment. @throws Failure not-found, corrupt naming the file */
export async function readExperiment(context: FileContext, folder: ExperimentFolder): Promise<Experiment> {
  const meta = await readMeta(folder.path, context.clock);
  const creationTime = meta.number('creation_time');
  const lastUpdateTime = meta.number('last_update_time');
  const recorded = required(meta.text('experiment_id'), 'experiment_id', folder);
  if (recorded !== folder.id) {
    throw new Failure({
      kind: 'corrupt',
      message: `${meta.path} records the experiment ${recorded} in the folder of ${folder.id}`,
      subject: folder.id,
    });
  }
  return {
    experimentId: folder.id,
    name: required(meta.text('name'), 'name', folder),
    artifactLocation: required(meta.text('artifact_location'), 'artifact_location', folder),
    lifecycleStage: folder.isDeleted ? 'deleted' : 'active',
    ...(creationTime === undefined ? {} : { creationTime }),
    ...(lastUpdateTime === undefined ? {} : { lastUpdateTime }),
    workspace: meta.text('workspace') ?? 'default',
    tags: Object.fromEntries(await readKeyFiles(join(folder.path, 'tags'))),
  };
}

/** Reads every experiment; a damaged one is told and passed over, as MLflow does. */
export async function readAll(context: FileContext, view: View): Promise<Experiment[]> {
  const folders = (await experimentFolders(context.root)).filter(
    ({ isDeleted }) => view === 'all' || isDeleted === (view === 'deleted_only'),
  );
  const found = await forEachFew(folders, async (folder) => {
    try {
      return await readExperiment(context, folder);
    } catch (thrown) {
      if (!(thrown instanceof Failure) || (thrown.kind !== 'corrupt' && thrown.kind !== 'not-found'))
        throw thrown;
      context.notify(`passed over the experiment ${folder.id}: ${thrown.message}`);
      return undefined;
    }
  });
  return found.filter((experiment) => experiment !== undefined);
}

/** MLflow's default order: newest first, then by id. */
export function byNewest(a: Experiment, b: Experiment): number {
  const newer = (b.creationTime ?? -1) - (a.creationTime ?? -1);
  return newer === 0 ? (a.experimentId < b.experimentId ? -1 : 1) : newer;
}
