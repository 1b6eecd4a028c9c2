import { mkdir } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { ArtifactReader } from '../artifacts/reader.ts';
import type { Entry } from '../artifacts/store.ts';
import type { ArtifactPath, Under } from '../core/artifact-path.ts';
import { asFailure, Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import { containedFolder } from './contained-folder.ts';
import { placeFile } from './place-file.ts';
import { forEachBounded } from './pool.ts';
import type { Lost, Moved, Observer, Report } from './report.ts';

/** One file to fetch. */
export interface Download {
  readonly entry: Entry;
  /** Where it goes, relative to the target folder. */
  readonly name: ArtifactPath;
}

/** What a listing below `under` means on this machine. */
export interface DownloadPlan {
  readonly files: readonly Download[];
  readonly folders: readonly ArtifactPath[];
  /** Links, sockets and devices at the source: shown, not fetched. */
  readonly others: readonly ArtifactPath[];
}

/** Lists everything that a reader holds. */
export async function planDownload(reader: ArtifactReader, io: Io): Promise<DownloadPlan> {
  const files: Download[] = [];
  const folders: ArtifactPath[] = [];
  const others: ArtifactPath[] = [];
  for await (const page of reader.list('', { recursive: true }, io)) {
    for (const entry of page) {
      if (entry.kind === 'file') files.push({ entry, name: entry.path });
      else if (entry.kind === 'directory') folders.push(entry.path);
      else others.push(entry.path);
    }
  }
  return { files, folders, others };
}

/**
 * Fetches every file of a plan into `folder`. A file appears under its name only when it is whole: length and, where
 * the store knows one, checksum agree.
 */
export async function runDownloads(
  reader: ArtifactReader,
  plan: DownloadPlan,
  folder: string,
  options: { readonly workers: number; readonly observer: Observer },
  io: Io,
): Promise<Report> {
  const { observer } = options;
  const moved: Moved[] = [];
  const lost: Lost[] = [];
  const counting: Io = { ...io, progress: (bytes) => observer.progress(bytes) };
  observer.planned(
    plan.files.length,
    plan.files.reduce((sum, { entry }) => sum + (entry.size ?? 0), 0),
  );
  await mkdir(folder, { recursive: true });
  for (const path of plan.folders) await containedFolder(folder, path);
  await forEachBounded(plan.files, Math.min(options.workers, reader.connections), async ({ entry, name }) => {
    const local = join(folder, name);
    try {
      io.signal.throwIfAborted();
      const one = await fetchInto(reader, entry, { folder, name }, counting);
      moved.push(one);
      observer.done(one);
    } catch (thrown) {
      const failed = { path: entry.path, local, failure: asFailure(thrown, entry.path) };
      lost.push(failed);
      observer.failed(failed);
    }
  });
  return { moved, lost, bytes: moved.reduce((sum, each) => sum + each.bytes, 0) };
}

async function fetchInto(
  reader: ArtifactReader,
  entry: Entry,
  target: { readonly folder: string; readonly name: ArtifactPath },
  io: Io,
): Promise<Moved> {
  const slash = target.name.lastIndexOf('/');
  const parent = await containedFolder(
    target.folder,
    (slash < 0 ? '' : target.name.slice(0, slash)) as Under,
  );
  const local = join(parent, basename(target.name));
  const body = await reader.read(entry.path, entry.version?.strong ? { version: entry.version } : {}, io);
  const { bytes, proof } = await placeFile(local, body, entry, io);
  return { path: entry.path, local, bytes, proof };
}

/** Fetches the one file that a reader was made for into `folder`, under its own name. */
export async function runDownload(
  reader: ArtifactReader,
  entry: Entry,
  target: { readonly folder: string; readonly name: ArtifactPath },
  observer: Observer,
  io: Io,
): Promise<Report> {
  observer.planned(1, entry.size ?? 0);
  const local = join(target.folder, target.name);
  try {
    await mkdir(target.folder, { recursive: true });
    const body = await reader.read('', entry.version?.strong ? { version: entry.version } : {}, io);
    const placed = await placeFile(local, body, entry, {
      ...io,
      progress: (bytes) => observer.progress(bytes),
    });
    const one: Moved = { path: entry.path, local, bytes: placed.bytes, proof: placed.proof };
    observer.done(one);
    return { moved: [one], lost: [], bytes: placed.bytes };
  } catch (thrown) {
    const failed = { path: entry.path, local, failure: asFailure(thrown, entry.path) };
    observer.failed(failed);
    return { moved: [], lost: [failed], bytes: 0 };
  }
}

/** The failure for a target that holds nothing at all. */
export function nothingThere(label: string, path: Under): Failure {
  const what = path === '' ? label : `${path} at ${label}`;
  return new Failure({
    kind: 'not-found',
    message: `there is nothing at ${what}`,
    hint: 'list what is there: mlstow artifacts list -R -r <run>',
    subject: what,
  });
}
