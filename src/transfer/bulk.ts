import { randomBytes } from 'node:crypto';
import { mkdir, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { ArtifactReader } from '../artifacts/reader.ts';
import type { ArtifactStore, BulkItem, BulkResult } from '../artifacts/store.ts';
import { nameOf, parentOf } from '../core/artifact-path.ts';
import { asFailure, Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import type { ContainedFolders } from './contained-folders.ts';
import type { Download } from './download.ts';
import type { Record } from './record.ts';
import { unwritable } from './unwritable.ts';
import type { Upload } from './upload.ts';

/** From so many files on bulk is worth it. */
const FROM = 2;

/** One call of `put` or `get` after the other; what throws is the failure of all of its items. */
async function* inCalls(
  items: readonly BulkItem[],
  maxItems: number,
  move: (part: readonly BulkItem[], io: Io) => Promise<readonly BulkResult[]>,
  io: Io,
): AsyncGenerator<BulkResult> {
  for (let from = 0; from < items.length && !io.signal.aborted; from += maxItems) {
    const part = items.slice(from, from + maxItems);
    const told = new Map<BulkItem, BulkResult>();
    let failure = new Failure({ kind: 'internal', message: 'the store told nothing of it', subject: '' });
    try {
      for (const result of await move(part, io)) told.set(result.item, result);
    } catch (thrown) {
      failure = asFailure(thrown, '');
    }
    for (const item of part) yield told.get(item) ?? { item, proof: 'none', failure };
  }
}

/** Whether it is a file of this machine that was found sound: standard input and what cannot be read go one by one. */
function isFile({ local, part, trouble, source }: Upload): boolean {
  return local !== '-' && part !== undefined && trouble === undefined && source.size !== undefined;
}

/**
 * Stores in a few processes what a store with `bulk` can take so, and writes it down.
 * @returns the uploads that are left to be stored one by one: all of them where there is no `bulk`, or one file alone
 */
export async function uploadInBulk(
  store: ArtifactStore,
  uploads: readonly Upload[],
  record: Record,
): Promise<readonly Upload[]> {
  const { bulk } = store;
  const files = uploads.filter(isFile);
  if (!bulk || files.length < FROM) return uploads;
  const uploadOf = new Map<BulkItem, Upload>();
  for (const upload of files) {
    const { path, local, source } = upload;
    uploadOf.set({ path, file: local, size: source.size ?? 0 }, upload);
  }
  const items = [...uploadOf.keys()];
  for await (const { item, proof, failure } of inCalls(
    items,
    bulk.maxItems,
    async (part, io) => bulk.put(part, io),
    record.io,
  )) {
    const { path, file: local, size: bytes } = item;
    if (failure) record.failed({ path, local, failure });
    else record.done({ path, local, bytes, proof });
  }
  return uploads.filter((upload) => !isFile(upload));
}

/** Where downloads go. */
interface Target {
  readonly folder: string;
  readonly folders: ContainedFolders;
}

/** Gives a fetched file its name: synced first, so that the name never shows less than the whole. */
async function place(from: string, { folders }: Target, { name }: Download): Promise<void> {
  try {
    const target = join(await folders.make(parentOf(name)), nameOf(name));
    const handle = await open(from, 'r');
    await handle.sync().finally(async () => handle.close());
    await rename(from, target);
  } catch (thrown) {
    throw unwritable(thrown, name);
  }
}

/**
 * Fetches in a few processes what a reader with `bulkGet` can give so: into a scratch folder below the target, from which
 * each file that is proven whole is renamed.
 * @returns the files that are left to be fetched one by one: all of them where there is no `bulkGet`, or one file alone
 */
export async function downloadInBulk(
  reader: ArtifactReader,
  files: readonly Download[],
  target: Target,
  record: Record,
): Promise<readonly Download[]> {
  const { bulkGet } = reader;
  const known = files.filter(({ entry }) => entry.size !== undefined);
  if (!bulkGet || known.length < FROM) return files;
  const scratch = join(target.folder, `.mlstow-${randomBytes(8).toString('hex')}.partial`);
  const downloadOf = new Map<BulkItem, Download>();
  for (const [index, file] of known.entries()) {
    const { path, size = 0 } = file.entry;
    downloadOf.set({ path, file: join(scratch, String(index)), size }, file);
  }
  await mkdir(scratch).catch((thrown: unknown) => Promise.reject(unwritable(thrown, scratch)));
  try {
    const items = [...downloadOf.keys()];
    for await (const { item, proof, failure } of inCalls(
      items,
      bulkGet.maxItems,
      async (part, io) => bulkGet.get(part, io),
      record.io,
    )) {
      const file = downloadOf.get(item);
      if (!file) continue;
      const local = join(target.folder, file.name);
      const { path, size: bytes } = item;
      const trouble =
        failure ?? (await place(item.file, target, file).catch((t: unknown) => asFailure(t, path)));
      if (trouble) record.failed({ path, local, failure: trouble });
      else record.done({ path, local, bytes, proof });
    }
  } finally {
    await rm(scratch, { recursive: true, force: true });
  }
  return files.filter(({ entry }) => entry.size === undefined);
}
