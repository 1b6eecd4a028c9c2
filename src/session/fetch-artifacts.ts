import { join } from 'node:path';
import { type ArtifactPath, joinPath, type Under } from '../core/artifact-path.ts';
import {
  nothingThere,
  planDownload,
  runDownload,
  runDownloads,
  type DownloadPlan,
} from '../transfer/download.ts';
import { formatPlace } from '../resolver/resolution.ts';
import type { Observer, Report } from '../transfer/report.ts';
import type { Opened } from './open-reader.ts';
import type { Session } from './session.ts';

/** What was fetched, and where it is now. */
export interface Fetched {
  readonly localPath: string;
  readonly report: Report;
}

/**
 * Fetches what a reader stands at into `target.folder`: a file under `target.name`, a folder as `target.name/…` or, when
 * the name is empty, its contents.
 * @throws Failure not-found when there is nothing
 */
export async function fetchArtifacts(
  session: Session,
  opened: Opened,
  target: { readonly folder: string; readonly name: Under },
  observer: Observer,
): Promise<Fetched> {
  const { reader } = opened;
  const root = await reader.root(session.io);
  if (root?.kind === 'file') {
    const name = target.name === '' ? root.path : target.name;
    const report = await runDownload(
      reader,
      root,
      { folder: target.folder, name: lastOf(name) },
      observer,
      session.io,
    );
    return { localPath: join(target.folder, lastOf(name)), report };
  }
  const plan = await planDownload(reader, session.io);
  if (isEmpty(plan)) refuseNothing(opened, root !== undefined);
  for (const path of plan.others)
    session.warn(`${path} is a link or a special file at the source and is not downloaded`);
  const placed = target.name === '' ? plan : prefixed(plan, target.name);
  const options = { workers: session.workers, observer };
  const report = await runDownloads(reader, placed, target.folder, options, session.io);
  return { localPath: target.name === '' ? target.folder : join(target.folder, target.name), report };
}

function lastOf(path: string): ArtifactPath {
  return path.slice(path.lastIndexOf('/') + 1) as ArtifactPath;
}

function isEmpty(plan: DownloadPlan): boolean {
  return plan.files.length === 0 && plan.folders.length === 0 && plan.others.length === 0;
}

/** A run without artifacts, and an empty folder, are fine; a path that names nothing is not, nor in a `runs:/` URI. */
function refuseNothing({ resolution }: Opened, isFolder: boolean): void {
  const [place] = resolution.places;
  const { run } = resolution;
  if (isFolder || (place.path === '' && run !== undefined)) return;
  const asked = formatPlace(place);
  const from = run ? `-r ${run.info.runId}` : `-u ${asked.replace(/(?<=[^/])\/[^/]*$/, '')}`;
  throw nothingThere(asked, '').with({ hint: `list what is there: mlstow artifacts list -R ${from}` });
}

function prefixed(plan: DownloadPlan, name: ArtifactPath): DownloadPlan {
  return {
    ...plan,
    files: plan.files.map((file) => ({ ...file, name: joinPath(name, file.name) })),
    folders: [name, ...plan.folders.map((folder) => joinPath(name, folder))],
  };
}
