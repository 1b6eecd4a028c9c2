import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readerAt } from '../../../src/artifacts/reader.ts';
import type { ArtifactStore } from '../../../src/artifacts/store.ts';
import type { Under } from '../../../src/core/artifact-path.ts';
import { systemClock } from '../../../src/core/clock.ts';
import type { Io } from '../../../src/core/io.ts';
import type { DownloadFile, Planned, Skipped, UploadFile } from '../../../src/transfer/items.ts';
import { planDownload } from '../../../src/transfer/plan/download-plan.ts';
import { holdClashes } from '../../../src/transfer/plan/hold-clashes.ts';
import { planUploads, type UploadRoot, type UploadSource } from '../../../src/transfer/plan/upload-plan.ts';
import type { Lost, Moved, Observer, Report } from '../../../src/transfer/report.ts';
import { runDownloads } from '../../../src/transfer/run/download.ts';
import type { DownloadOptions } from '../../../src/transfer/run/fetching.ts';
import { runUploads } from '../../../src/transfer/run/upload.ts';
import type { UploadOptions } from '../../../src/transfer/run/uploading.ts';
import { io } from '../tracking/sql/database.ts';

export { failureOf, io, temporaryFolder } from '../tracking/sql/database.ts';

interface Seen {
  planned: [number, number];
  planEnded: boolean;
  bytes: number;
  readonly under: Set<string>;
  readonly done: Moved[];
  readonly skipped: Skipped[];
  readonly failed: Lost[];
}

/** An observer that remembers. */
export function watch(): Observer & { readonly seen: Seen } {
  const seen: Seen = {
    ...{ planned: [0, 0], planEnded: false, bytes: 0 },
    ...{ under: new Set(), done: [], skipped: [], failed: [] },
  };
  return {
    seen,
    planned: (files, bytes) => {
      seen.planned = [seen.planned[0] + files, seen.planned[1] + bytes];
    },
    planEnded: () => {
      seen.planEnded = true;
    },
    started: (path) => seen.under.add(path),
    ended: (path) => seen.under.delete(path),
    progress: (_path, bytes) => {
      seen.bytes += bytes;
    },
    done: (moved) => seen.done.push(moved),
    skipped: (skipped) => seen.skipped.push(skipped),
    failed: (lost) => seen.failed.push(lost),
  };
}

/** Writes files below a folder. */
export async function fill(
  folder: string,
  files: Readonly<Record<string, string | Uint8Array>>,
): Promise<void> {
  for (const [name, content] of Object.entries(files)) {
    await mkdir(dirname(join(folder, name)), { recursive: true });
    await writeFile(join(folder, name), content);
  }
}

/** Every file and folder below a folder, hidden ones included. */
export async function everythingIn(folder: string): Promise<string[]> {
  const found = await readdir(folder, { recursive: true });
  return found.sort();
}

/** A report, and every file that arrived. */
export type Whole = Report & { readonly moved: readonly Moved[] };

/** The folder or file at a path as a source. */
export const folderOf = (path: string, contentsOnly = false): UploadSource => ({
  kind: 'path',
  path,
  contentsOnly,
});

/** The plan of some sources. */
export async function planOf(
  sources: readonly UploadSource[],
  under: Under = '',
  cwd = process.cwd(),
): Promise<readonly UploadRoot[]> {
  return planUploads(sources, { under, cwd }, io.signal);
}

/** The same plan, made now: what changes afterwards is not seen. */
export async function madeNow(roots: readonly UploadRoot[]): Promise<readonly UploadRoot[]> {
  const made: UploadRoot[] = [];
  for (const root of roots) {
    const items: Planned<UploadFile>[] = [];
    for await (const item of root.items(io.signal)) items.push(item);
    made.push({
      ...root,
      items: async function* () {
        yield* items;
      },
    });
  }
  return made;
}

async function* itemsOf(roots: readonly UploadRoot[], { signal }: Io): AsyncGenerator<Planned<UploadFile>> {
  for (const root of roots) yield* root.items(signal);
}

/** Uploads what a plan says, three units at once. */
export async function sendAll(
  store: ArtifactStore,
  roots: readonly UploadRoot[],
  using: Io = io,
  options: Partial<UploadOptions> & { readonly observer?: ReturnType<typeof watch> } = {},
): Promise<Whole> {
  const observer = options.observer ?? watch();
  const all = { workers: 3, clock: systemClock, ...options, observer };
  const report = await runUploads(store, itemsOf(roots, using), all, using);
  return { ...report, moved: observer.seen.done };
}

/** Downloads a whole store, four units at once. */
export async function downloadAll(
  store: ArtifactStore,
  folder: string,
  using: Io = io,
  observer: ReturnType<typeof watch> = watch(),
  options: Partial<DownloadOptions> = {},
): Promise<Whole> {
  const reader = readerAt(store, '');
  const planned: AsyncIterable<Planned<DownloadFile>> = holdClashes(
    planDownload(reader, { folder, name: '' }, using),
    reader.label,
  );
  const all = { workers: 4, clock: systemClock, ...options, observer };
  const report = await runDownloads(reader, planned, folder, all, using);
  return { ...report, moved: observer.seen.done };
}

/** The same object without some of its members. */
export function without<T extends object, K extends keyof T>(from: T, ...keys: readonly K[]): Omit<T, K> {
  const copy = { ...from };
  for (const key of keys) Reflect.deleteProperty(copy, key);
  return copy;
}
