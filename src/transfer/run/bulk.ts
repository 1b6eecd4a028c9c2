import { open, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { BulkItem, BulkResult } from '../../artifacts/store.ts';
import { nameOf, parentOf, type ArtifactPath } from '../../core/artifact-path.ts';
import { asFailure, Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import type { DownloadFile, UploadFile } from '../items.ts';
import { partialName } from '../partial-name.ts';
import type { InBulk } from './batch.ts';
import { notPlaced, placed, type Fetching } from './fetching.ts';
import { bareIdentity, type Identity } from './journal/journal.ts';
import { removePartial } from './place-file.ts';
import { createTurns } from './turns.ts';
import { unwritable } from './unwritable.ts';
import { arrived, notArrived, type Uploading } from './uploading.ts';

/** What moves many at once: `put` or `get`. */
type Move = (items: readonly BulkItem[], io: Io) => Promise<readonly BulkResult[]>;

/**
 * Stores in a few processes what a store with `bulk` can take so. Their bytes keep no pace (`--bwlimit`): processes of
 * others move them.
 * @returns undefined where there is no `bulk`
 */
export function uploadsInBulk(uploading: Uploading): InBulk<UploadFile> | undefined {
  const { bulk } = uploading.store;
  if (!bulk) return undefined;
  return {
    maxItems: bulk.maxItems,
    takes: (file) => uploadItem(file) !== undefined,
    job: (files) => ({
      kind: 'whole',
      run: async () => putFiles(uploading, async (items, io) => bulk.put(items, io), files),
      failed: async (thrown) => {
        for (const file of files) await notArrived(uploading, file, thrown);
      },
    }),
  };
}

/** Undefined for what is no file of this machine, and for what is to replace one version alone. */
function uploadItem({ path, local, identity, when }: UploadFile): BulkItem | undefined {
  if (!identity || (when && 'version' in when)) return undefined;
  return { path, file: local, size: identity.size, ...(when ? { when } : {}) };
}

async function putFiles(uploading: Uploading, put: Move, files: readonly UploadFile[]): Promise<void> {
  const fileOf = new Map<BulkItem, UploadFile>();
  for (const file of files) {
    const item = uploadItem(file);
    if (item) fileOf.set(item, file);
  }
  for await (const [{ item, proof, failure }, file] of moved(uploading, put, fileOf)) {
    const { path, size } = item;
    if (failure) await notArrived(uploading, file, failure);
    else await arrived(uploading, file, { entry: { path, kind: 'file', size, checksums: [] }, proof }, size);
  }
}

/**
 * Fetches in a few processes what a reader with `bulkGet` can give so: into partial files next to where they go, each
 * renamed once it is proven whole. They keep no pace, either.
 * @returns undefined where there is no `bulkGet`
 */
export function downloadsInBulk(fetching: Fetching): InBulk<DownloadFile> | undefined {
  const { bulkGet } = fetching.reader;
  // Who renames entries asks for the one file at the root of a reader.
  if (!bulkGet || fetching.options.pathOf) return undefined;
  return {
    maxItems: bulkGet.maxItems,
    takes: ({ entry }) => entry.size !== undefined,
    job: (files) => ({
      kind: 'whole',
      run: async () => getFiles(fetching, async (items, io) => bulkGet.get(items, io), files),
      failed: (thrown) => {
        for (const file of files) notPlaced(fetching, file, thrown);
      },
    }),
  };
}

async function getFiles(fetching: Fetching, get: Move, files: readonly DownloadFile[]): Promise<void> {
  const fileOf = new Map<BulkItem, DownloadFile>();
  for (const file of files) {
    try {
      fileOf.set(await partialOf(fetching, file), file);
    } catch (thrown) {
      notPlaced(fetching, file, thrown);
    }
  }
  for await (const [{ item, proof, failure }, file] of moved(fetching, get, fileOf)) {
    try {
      if (failure) throw failure;
      const identity = await giveName(item.file, file.name);
      placed(fetching, file, { bytes: item.size, proof, identity });
    } catch (thrown) {
      await removePartial(item.file, fetching.io);
      notPlaced(fetching, file, thrown);
    }
  }
}

/** Where a file is fetched to: nothing is there, even when an interrupted try got so far. */
async function partialOf({ folders, journal, io }: Fetching, file: DownloadFile): Promise<BulkItem> {
  const { path, size = 0 } = file.entry;
  const parent = await folders.make(parentOf(file.name));
  const partial = join(parent, partialName(nameOf(file.name), journal.id));
  if (journal.resumed) await removePartial(partial, io);
  return { path, file: partial, size };
}

/** Gives a fetched file its name in its folder: synced first, so that the name never shows less than the whole. */
async function giveName(partial: string, name: ArtifactPath): Promise<Identity> {
  const target = join(dirname(partial), nameOf(name));
  try {
    const handle = await open(partial, 'r');
    try {
      await handle.sync();
      const identity = bareIdentity(await handle.stat());
      await rename(partial, target);
      return identity;
    } finally {
      await handle.close();
    }
  } catch (thrown) {
    throw unwritable(thrown, target);
  }
}

/** Moves files by one call. What it throws is the failure of each; bytes are told of one file after the other. */
async function* moved<F>(
  { record, io }: Pick<Uploading, 'record' | 'io'>,
  move: Move,
  fileOf: ReadonlyMap<BulkItem, F>,
): AsyncGenerator<readonly [BulkResult, F]> {
  const items = [...fileOf.keys()];
  const turns = createTurns(items, record.observer);
  const told = new Map<BulkItem, BulkResult>();
  let failure = new Failure({ kind: 'internal', message: 'the store told nothing of it', subject: '' });
  try {
    const results = await move(items, { ...io, progress: (bytes) => turns.moved(bytes) });
    for (const result of results) told.set(result.item, result);
  } catch (thrown) {
    failure = asFailure(thrown, '');
  }
  for (const [item, file] of fileOf) {
    turns.over(item);
    yield [told.get(item) ?? { item, proof: 'none', failure }, file];
  }
}
