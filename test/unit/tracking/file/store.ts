import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';
import { systemClock } from '../../../../src/core/clock.ts';
import { Failure } from '../../../../src/core/failure.ts';
import type { Io } from '../../../../src/core/io.ts';
import type { FileStoreOptions } from '../../../../src/tracking/file/open.ts';
import { openFileStore } from '../../../../src/tracking/file/open.ts';
import type { TrackingStore } from '../../../../src/tracking/store.ts';

export const io: Io = { signal: new AbortController().signal };

/** A folder that is gone after the test. */
export async function temporaryFolder(): Promise<string> {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'mlstow-file-')));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

/** Opens `<cwd>/mlruns`, made when absent. */
export async function open(
  cwd: string,
  options: Partial<FileStoreOptions> = {},
): Promise<TrackingStore & { readonly notes: readonly string[] }> {
  const notes: string[] = [];
  const store = await openFileStore({
    uri: `file://${cwd}/mlruns`,
    intent: 'create',
    cwd,
    clock: systemClock,
    notify: (message) => notes.push(message),
    ...options,
  });
  return { ...store, notes };
}

/** Writes a file below the store. */
export async function put(cwd: string, path: string, text: string): Promise<void> {
  await mkdir(dirname(join(cwd, 'mlruns', path)), { recursive: true });
  await writeFile(join(cwd, 'mlruns', path), text);
}

/** Reads a file below the store. */
export function look(cwd: string, path: string): Promise<string> {
  return readFile(join(cwd, 'mlruns', path), 'utf8');
}

/** The Failure that a promise ends with. */
export async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  try {
    await promise;
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
  throw new Error('expected a Failure');
}

/** Everything that an iteration yields. */
export async function collect<T>(pages: AsyncIterable<readonly T[]>): Promise<T[]> {
  const all: T[] = [];
  for await (const page of pages) all.push(...page);
  return all;
}
