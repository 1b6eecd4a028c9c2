import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactReader } from '../../artifacts/reader.ts';
import type { Entry } from '../../artifacts/store.ts';
import { nameOf, parentOf, type ArtifactPath, type Under } from '../../core/artifact-path.ts';
import { asFailure, Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import type { DownloadFile, Planned, Skipped } from '../items.ts';
import { isPartialName } from '../partial-name.ts';
import type { Report } from '../report.ts';
import { downloadsInBulk } from './bulk.ts';
import { openContainedFolders } from './contained-folders.ts';
import { fetchRanges, isRanged } from './fetch-ranges.ts';
import { notPlaced, pathIn, placed, retriesOf, type DownloadOptions, type Fetching } from './fetching.ts';
import { intendDownload } from './intents.ts';
import type { Job, WholeJob } from './job.ts';
import { fingerprint, type Journal } from './journal/journal.ts';
import { placeFile, removePartial } from './place-file.ts';
import { createRecord } from './record.ts';
import { journalOf, runPlan } from './run-plan.ts';

/** How often a file is begun again because it changed at the store while it was read. */
const MOST_RESTARTS = 3;

/**
 * Fetches what a plan gives into `folder` while it is made. A file appears under its name only when it is whole: length
 * and, where the store knows one, checksum agree. One that fails never stops the others; a cancel stops all. With a
 * journal of an interrupted try, what that placed and is still as it was is left alone, and large files go on where
 * they ended.
 * @throws Failure when the folder itself cannot be made, or what the plan fails with before anything was done
 */
export async function runDownloads(
  reader: ArtifactReader,
  planned: AsyncIterable<Planned<DownloadFile>>,
  folder: string,
  options: DownloadOptions,
  io: Io,
): Promise<Report> {
  const record = createRecord(options.observer, io);
  const journal = journalOf(options);
  const tidy = async (where: string) => removeLeftOver(where, journal, io);
  const folders = await openContainedFolders(folder, journal.resumed ? tidy : undefined);
  await journal.ready();
  const fetching: Fetching = { reader, folder, folders, record, journal, options, io };
  const broken = await runPlan(
    planned,
    {
      width: Math.min(options.workers, reader.connections),
      record,
      bulk: downloadsInBulk(fetching),
      sizeOf: ({ entry }) => entry.size,
      doneBefore: async (file) => ((await isPlaced(fetching, file)) ? doneBefore(fetching, file) : undefined),
      fileJob: (file) => fileJob(fetching, file),
      folderJob: (path) => folderJob(fetching, path),
    },
    options,
    io,
  );
  await folders.close();
  const report = record.report(broken);
  if (broken !== undefined && report.files + report.failed === 0) throw asFailure(broken, 'transfer');
  return report;
}

/** Removes what an interrupted try of this transfer left in a folder. */
async function removeLeftOver(folder: string, { id }: Journal, io: Io): Promise<void> {
  if (io.signal.aborted) return;
  const names = await readdir(folder).catch(() => []);
  for (const name of names) if (isPartialName(name, id)) await removePartial(join(folder, name), io);
}

/** Whether an interrupted try placed this version of a file, and what it placed is still there. */
async function isPlaced({ journal, folder }: Fetching, { entry, name }: DownloadFile): Promise<boolean> {
  if (journal.doneBefore === 0) return false;
  const facts = await lstat(join(folder, name)).catch(() => undefined);
  if (facts?.isFile() !== true || (entry.size !== undefined && facts.size !== entry.size)) return false;
  const { size, mtimeMs, ino } = facts;
  const was = journal.wasDone(entry.path, { size, mtimeMs, ino });
  return was !== undefined && was === fingerprint(entry.path, size, entry.version?.id ?? '');
}

function doneBefore({ folder }: Fetching, { entry: { path, size }, name }: DownloadFile): Skipped {
  const bytes = size === undefined ? {} : { bytes: size };
  return { path, local: join(folder, name), ...bytes, why: 'done-before' };
}

function fileJob(fetching: Fetching, file: DownloadFile): Job {
  const { entry } = file;
  if (!isRanged(entry, fetching)) return wholeJob(fetching, file);
  let restarts = 0;
  let current = entry;
  const again = retriesOf(fetching, entry.path);
  return {
    kind: 'parted',
    open: async () => {
      fetching.record.observer.started(entry.path, entry.size);
      if (fetching.options.intends) await intendDownload(fetching.journal, file);
      return fetchRanges(fetching, { ...file, entry: current }, async (failure) => {
        if (failure.kind === 'corrupt')
          return again(failure, fetching.io).then(
            () => 'again',
            () => 'failed',
          );
        if (failure.kind !== 'changed' || restarts >= MOST_RESTARTS) return 'failed';
        restarts += 1;
        const now = await lookAgain(fetching, file).catch(() => undefined);
        if (!now || !isRanged(now, fetching)) return 'failed';
        current = now;
        return 'again';
      });
    },
    failed: (thrown) => notPlaced(fetching, file, thrown),
  };
}

/** The entry as the store has it now, at its listed path. */
async function lookAgain(fetching: Fetching, { entry }: DownloadFile): Promise<Entry> {
  const { reader, io } = fetching;
  const body = await reader.read(pathIn(fetching, entry), { start: 0, length: 1 }, uncounted(io));
  body.stream.once('error', () => undefined).destroy();
  return { ...body.entry, path: entry.path };
}

function wholeJob(fetching: Fetching, file: DownloadFile): WholeJob {
  const { record } = fetching;
  const { path, size } = file.entry;
  return {
    kind: 'whole',
    run: async () => {
      record.observer.started(path, size);
      if (fetching.options.intends) await intendDownload(fetching.journal, file);
      const again = retriesOf(fetching, path);
      for (let restarts = 0; ;) {
        try {
          // Once it changed, whatever the store has by now is taken.
          await fetchWhole(fetching, file, restarts === 0 ? pinned(file.entry) : {});
          return;
        } catch (thrown) {
          const isOther = thrown instanceof Failure && thrown.kind === 'changed';
          if (!isOther) await again(thrown, fetching.io);
          else if (restarts >= MOST_RESTARTS || fetching.io.signal.aborted) throw thrown;
          else restarts += 1;
        }
      }
    },
    failed: (thrown) => notPlaced(fetching, file, thrown),
  };
}

async function fetchWhole(
  fetching: Fetching,
  file: DownloadFile,
  ask: Parameters<ArtifactReader['read']>[1],
): Promise<void> {
  const { reader, folders, record, journal, options } = fetching;
  const { entry, name } = file;
  const parent = await folders.make(parentOf(name));
  const io = record.ioOf(entry.path);
  const body = await reader.read(pathIn(fetching, entry), ask, uncounted(io));
  const target = { file: join(parent, nameOf(name)), id: journal.id, pace: options.pace };
  placed(fetching, file, await placeFile(target, body, entry, io));
}

function folderJob({ folder, folders, record }: Fetching, path: ArtifactPath): WholeJob {
  return {
    kind: 'whole',
    run: async () => {
      await folders.make(path);
    },
    failed: (thrown) => record.failed({ path, local: join(folder, path), failure: asFailure(thrown, path) }),
  };
}

function pinned({ version }: Entry): Parameters<ArtifactReader['read']>[1] {
  return version?.strong === true ? { version } : {};
}

/** Bytes count when they arrive here; a store that counted them too would count them twice. */
function uncounted({ signal, trace }: Io): Io {
  return { signal, ...(trace ? { trace } : {}) };
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
