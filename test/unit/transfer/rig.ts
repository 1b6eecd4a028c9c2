import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { readerAt } from '../../../src/artifacts/reader.ts';
import type { ArtifactStore } from '../../../src/artifacts/store.ts';
import type { Io } from '../../../src/core/io.ts';
import { planDownload, runDownloads } from '../../../src/transfer/download.ts';
import type { Lost, Moved, Observer, Report } from '../../../src/transfer/report.ts';
import { io } from '../tracking/sql/database.ts';

export { failureOf, io, temporaryFolder } from '../tracking/sql/database.ts';

/** An observer that remembers. */
export function watch(): Observer & {
  readonly seen: { planned: [number, number]; bytes: number; done: Moved[]; failed: Lost[] };
} {
  const seen = { planned: [0, 0] as [number, number], bytes: 0, done: [] as Moved[], failed: [] as Lost[] };
  return {
    seen,
    planned: (files, bytes) => {
      seen.planned = [files, bytes];
    },
    progress: (bytes) => {
      seen.bytes += bytes;
    },
    done: (moved) => seen.done.push(moved),
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

/** Downloads a whole store. */
export async function downloadAll(
  store: ArtifactStore,
  folder: string,
  using: Io = io,
  observer: Observer = watch(),
): Promise<Report> {
  const reader = readerAt(store, '');
  const plan = await planDownload(reader, io);
  return runDownloads(reader, plan, folder, { workers: 4, observer }, using);
}

/** The same object without some of its members. */
export function without<T extends object, K extends keyof T>(from: T, ...keys: readonly K[]): Omit<T, K> {
  const copy = { ...from };
  for (const key of keys) Reflect.deleteProperty(copy, key);
  return copy;
}
