import { basename, dirname, join } from 'node:path';
import type { ArtifactReader } from '../artifacts/reader.ts';
import type { Entry } from '../artifacts/store.ts';
import { type ArtifactPath, nameOf, parentOf, type Under } from '../core/artifact-path.ts';
import { asFailure, Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import { type ContainedFolders, openContainedFolders } from './contained-folders.ts';
import { placeFile } from './place-file.ts';
import { forEachBounded } from './pool.ts';
import { createRecord, type Record } from './record.ts';
import type { Observer, Report } from './report.ts';

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

/** One transfer under way. */
interface Fetching {
  readonly reader: ArtifactReader;
  readonly folder: string;
  readonly folders: ContainedFolders;
  readonly record: Record;
}

/**
 * Fetches every file of a plan into `folder`, at most `workers` at once. A file appears under its name only when it is
 * whole: length and, where the store knows one, checksum agree. One that fails never stops the others; a cancel stops all.
 * @throws Failure when the folder itself cannot be made
 */
export async function runDownloads(
  reader: ArtifactReader,
  plan: DownloadPlan,
  folder: string,
  options: { readonly workers: number; readonly observer: Observer },
  io: Io,
): Promise<Report> {
  const { observer } = options;
  observer.planned(
    plan.files.length,
    plan.files.reduce((sum, { entry }) => sum + (entry.size ?? 0), 0),
  );
  const record = createRecord(observer, io);
  const folders = await openContainedFolders(folder);
  const fetching: Fetching = { reader, folder, folders, record };
  const width = Math.min(options.workers, reader.connections);
  await forEachBounded(plan.folders, width, async (path) => makeFolder(fetching, path), io.signal);
  const blocked = foldersOf(plan);
  const fetch = async (file: Download) => fetchInto(fetching, file, blocked, record.io);
  await forEachBounded(plan.files, width, fetch, io.signal);
  return record.report();
}

/** Every folder that the plan needs. */
function foldersOf({ files, folders }: DownloadPlan): ReadonlySet<Under> {
  const all = new Set<Under>(folders);
  for (const path of [...files.map(({ name }) => name), ...folders]) {
    for (let above = parentOf(path); above !== '' && !all.has(above); above = parentOf(above)) all.add(above);
  }
  return all;
}

async function makeFolder({ folder, folders, record }: Fetching, path: ArtifactPath): Promise<void> {
  try {
    await folders.make(path);
  } catch (thrown) {
    record.failed({ path, local: join(folder, path), failure: asFailure(thrown, path) });
  }
}

async function fetchInto(
  { reader, folder, folders, record }: Fetching,
  { entry, name }: Download,
  blocked: ReadonlySet<Under>,
  io: Io,
): Promise<void> {
  const local = join(folder, name);
  try {
    if (blocked.has(name)) throw fileAndFolder(entry, reader);
    const parent = await folders.make(parentOf(name));
    const body = await reader.read(entry.path, pinned(entry), uncounted(io));
    const { bytes, proof } = await placeFile(join(parent, nameOf(name)), body, entry, io);
    record.done({ path: entry.path, local, bytes, proof });
  } catch (thrown) {
    record.failed({ path: entry.path, local, failure: asFailure(thrown, entry.path) });
  }
}

/** Object stores may hold `a` and `a/b`; a folder of this machine cannot. What is below `a` is fetched. */
function fileAndFolder({ path }: Entry, { label }: ArtifactReader): Failure {
  return new Failure({
    kind: 'exists',
    message: `${path} is both a file and a folder at ${label}, which no folder of this machine can hold`,
    hint: `download the file alone into another folder: -a ${path} -d OTHER`,
    subject: path,
  });
}

function pinned({ version }: Entry): Parameters<ArtifactReader['read']>[1] {
  return version?.strong === true ? { version } : {};
}

/** Bytes count when they arrive here; a store that counted them too would count them twice. */
function uncounted({ signal, trace }: Io): Io {
  return { signal, ...(trace ? { trace } : {}) };
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
  const record = createRecord(observer, io);
  const local = join(target.folder, target.name);
  try {
    const folders = await openContainedFolders(dirname(local));
    const body = await reader.read('', pinned(entry), uncounted(io));
    const file = join(await folders.make(''), basename(local));
    const { bytes, proof } = await placeFile(file, body, entry, record.io);
    record.done({ path: entry.path, local, bytes, proof });
  } catch (thrown) {
    record.failed({ path: entry.path, local, failure: asFailure(thrown, entry.path) });
  }
  return record.report();
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
