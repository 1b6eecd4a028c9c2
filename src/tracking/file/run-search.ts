import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import type { Run, RunInfo } from '../entities.ts';
import { assertTagKey } from '../entity-rules.ts';
import type { RunSearch } from '../store.ts';
import type { FileContext } from './context.ts';
import { forEachFew } from './key-files.ts';
import type { RunFolder } from './layout.ts';
import { errorCode, fileFailure, findExperimentFolder, runFolders } from './layout.ts';
import { readMetaIfAny } from './meta.ts';
import { completeRun } from './run-data.ts';
import { toRunInfo } from './run-info.ts';

const RUNS_PER_PAGE = 100;

interface Found {
  readonly folder: RunFolder;
  readonly info: RunInfo;
}

/** A damaged run is told and passed over; a folder without `meta.yaml` is no run, as in MLflow. */
async function tolerate<T>(
  context: FileContext,
  what: string,
  work: () => Promise<T>,
): Promise<T | undefined> {
  try {
    return await work();
  } catch (thrown) {
    if (!(thrown instanceof Failure) || (thrown.kind !== 'corrupt' && thrown.kind !== 'not-found'))
      throw thrown;
    context.notify(`passed over the run ${what}: ${thrown.message}`);
    return undefined;
  }
}

async function readInfo(context: FileContext, folder: RunFolder): Promise<Found | undefined> {
  return await tolerate(context, folder.path, async () => {
    const meta = await readMetaIfAny(folder.path, context.clock);
    return meta ? { folder, info: toRunInfo(meta, folder) } : undefined;
  });
}

async function carries(
  folder: string,
  tag: { readonly key: string; readonly value: string },
): Promise<boolean> {
  const path = join(folder, 'tags', tag.key);
  try {
    return (await readFile(path, 'utf8')) === tag.value;
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT' || errorCode(thrown) === 'ENOTDIR' || errorCode(thrown) === 'EISDIR')
      return false;
    throw fileFailure(thrown, path);
  }
}

async function matching(
  context: FileContext,
  search: RunSearch,
  folder: RunFolder,
): Promise<Found | undefined> {
  const { tag, view } = search;
  if (tag && !(await carries(folder.path, tag))) return undefined;
  const found = await readInfo(context, folder);
  if (!found || view === 'all') return found;
  return found.info.lifecycleStage === (view === 'deleted_only' ? 'deleted' : 'active') ? found : undefined;
}

function byNewest(a: Found, b: Found): number {
  const newer = (b.info.startTime ?? -1) - (a.info.startTime ?? -1);
  return newer === 0 ? (a.info.runId < b.info.runId ? -1 : 1) : newer;
}

/** Infos of all matching runs, newest start first, then their data page by page. */
export async function* searchRuns(
  context: FileContext,
  search: RunSearch,
  io: Io,
): AsyncGenerator<readonly Run[]> {
  if (search.tag) assertTagKey(search.tag.key);
  const found: Found[] = [];
  for (const id of new Set(search.experimentIds)) {
    const experiment = await findExperimentFolder(context.root, id);
    const folders = experiment ? await runFolders(experiment) : [];
    const infos = await forEachFew(folders, (folder) => matching(context, search, folder));
    found.push(...infos.filter((info) => info !== undefined));
  }
  found.sort(byNewest);
  for (let start = 0; start < found.length; start += RUNS_PER_PAGE) {
    if (io.signal.aborted) {
      throw new Failure({ kind: 'cancelled', message: 'stopped on request', subject: context.label });
    }
    const page = await forEachFew(found.slice(start, start + RUNS_PER_PAGE), ({ folder, info }) =>
      tolerate(context, folder.path, () => completeRun(context, folder.path, info)),
    );
    yield page.filter((run) => run !== undefined);
  }
}
