import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Io } from '../../../core/io.ts';
import {
  collectingMark,
  COLLECTING_TAG,
  ERASING,
  type Candidate,
  type CollectKind,
  type CollectScope,
} from '../../collect.ts';
import type { Tags } from '../../entities.ts';
import type { FileContext } from '../context.ts';
import { forEachFew } from '../key-files.ts';
import { errorCode, experimentFolders, fileFailure, type ExperimentFolder } from '../layout.ts';
import { idsIn, readRowIfWhole, type Finder, type Row } from './folders.ts';
import type { Moved } from './moved.ts';

/** MLflow's tag of a trace that names where its files are (mlflow/tracing/constant.py, `MLFLOW_ARTIFACT_LOCATION`). */
export const TRACE_LOCATION_TAG = 'mlflow.artifactLocation';
const PAGE = 500;

/** The tags of some keys of a row. */
export async function tagsOf({ folder }: Pick<Row, 'folder'>, keys: readonly string[]): Promise<Tags> {
  const found: Record<string, string> = {};
  for (const key of keys) {
    const path = join(folder, 'tags', key);
    try {
      found[key] = await readFile(path, 'utf8');
    } catch (thrown) {
      const code = errorCode(thrown);
      if (code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'EISDIR') throw fileFailure(thrown, path);
    }
  }
  return found;
}

/** The stage that MLflow gives a row; one that is half erased is deleted. */
export function stageOf({ kind, experiment, meta, isClaimed }: Row): Candidate['stage'] {
  if (isClaimed) return 'deleted';
  if (kind === 'trace' || kind === 'experiment') return experiment.isDeleted ? 'deleted' : 'active';
  return meta.text('lifecycle_stage') === 'deleted' ? 'deleted' : 'active';
}

const URI_KEY = { run: 'artifact_uri', model: 'artifact_location' } as const;

/** What is recorded of where a row's files are. */
export async function recordedUri(row: Row): Promise<string | undefined> {
  const { kind, meta } = row;
  if (kind === 'experiment') return undefined;
  if (kind === 'trace') return (await tagsOf(row, [TRACE_LOCATION_TAG]))[TRACE_LOCATION_TAG];
  return meta.text(URI_KEY[kind]);
}

function timeOf(row: Row, ofExperiment: number | undefined): number | undefined {
  if (row.kind === 'run') return row.meta.number('deleted_time');
  if (row.kind === 'model') return row.meta.number('last_updated_timestamp');
  return row.kind === 'trace' ? ofExperiment : row.meta.number('last_update_time');
}

/** A row as gc looks at it. */
export async function candidateOf(
  row: Row,
  keys: readonly string[],
  moved: Moved,
  ofExperiment?: number,
): Promise<Candidate> {
  const { kind, id, experiment } = row;
  const recorded = await recordedUri(row);
  const uri = recorded && ((await moved(recorded)) ?? recorded);
  const deletedTime = timeOf(row, ofExperiment);
  return {
    kind,
    id,
    experimentId: experiment.id,
    stage: stageOf(row),
    ...(uri ? { uri } : {}),
    ...(deletedTime === undefined ? {} : { deletedTime }),
    tags: { ...(await tagsOf(row, keys)), ...(row.isClaimed ? erasingTag(deletedTime, keys) : {}) },
  };
}

/** The tags of a row that is half erased may be gone, and that its files are was proven before. */
function erasingTag(deletedTime: number | undefined, keys: readonly string[]): Tags {
  if (!keys.includes(COLLECTING_TAG)) return {};
  const deletion = deletedTime === undefined ? {} : { deletedTime };
  return { [COLLECTING_TAG]: collectingMark(deletion, ERASING) };
}

/** Whether anything is in a workspace: the file store has one. */
export function isInScope({ workspace }: CollectScope): boolean {
  return workspace === 'all' || workspace.name === 'default';
}

async function experimentTime(
  context: FileContext,
  experiment: ExperimentFolder,
): Promise<number | undefined> {
  const row = await readRowIfWhole(context, 'experiment', experiment.id, experiment);
  return row?.meta.number('last_update_time');
}

/** Pages of rows of a kind in an experiment; damaged ones are told and passed over. */
export async function* rowPages(
  context: FileContext,
  kind: CollectKind,
  experiment: ExperimentFolder,
  io: Io,
): AsyncGenerator<readonly Row[]> {
  const ids = await idsIn(kind, experiment);
  for (let from = 0; from < ids.length; from += PAGE) {
    io.signal.throwIfAborted();
    const rows = await forEachFew(ids.slice(from, from + PAGE), (id) =>
      readRowIfWhole(context, kind, id, experiment),
    );
    yield rows.filter((row) => row !== undefined);
  }
}

/** Pages of all deleted ones of a kind, however many there are. */
export async function* deletedPages(
  context: FileContext,
  finder: Finder,
  moved: Moved,
  kind: CollectKind,
  scope: CollectScope & { readonly experimentId?: string },
  io: Io,
): AsyncGenerator<readonly Candidate[]> {
  if (!isInScope(scope)) return;
  for (const experiment of await experimentFolders(context.root)) {
    if (scope.experimentId !== undefined && experiment.id !== scope.experimentId) continue;
    if (kind === 'experiment' && !experiment.isDeleted) continue;
    const time = kind === 'trace' ? await experimentTime(context, experiment) : undefined;
    for await (const rows of rowPages(context, kind, experiment, io)) {
      const deleted = rows.filter((row) => stageOf(row) === 'deleted' || kind === 'trace');
      deleted.forEach((row) => finder.seen(row));
      const page = await forEachFew(deleted, (row) => candidateOf(row, scope.tagKeys, moved, time));
      if (page.length > 0) yield page;
    }
  }
}

/** Those with these ids, whatever their stage. */
export async function findCandidates(
  context: FileContext,
  finder: Finder,
  moved: Moved,
  kind: CollectKind,
  ids: readonly string[],
  scope: CollectScope,
): Promise<readonly Candidate[]> {
  if (!isInScope(scope)) return [];
  const found = await forEachFew(ids, async (id) => {
    const row = await finder.find(kind, id);
    if (!row) return undefined;
    const time = kind === 'trace' ? await experimentTime(context, row.experiment) : undefined;
    return candidateOf(row, scope.tagKeys, moved, time);
  });
  return found.filter((candidate) => candidate !== undefined);
}
