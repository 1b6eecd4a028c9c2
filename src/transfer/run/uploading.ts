import type { ArtifactStore, Source, Stored, WriteOptions } from '../../artifacts/store.ts';
import type { Under } from '../../core/artifact-path.ts';
import { asFailure, Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import type { UploadFile } from '../items.ts';
import { wholeChecksum } from '../report.ts';
import type { Confirming } from './confirm-sizes.ts';
import { bareIdentity, type Journal } from './journal/journal.ts';
import { pacedIo, pacedSource } from './pace.ts';
import type { Record } from './record.ts';
import type { RunOptions } from './run-plan.ts';

/** How files are stored. */
export interface UploadOptions extends RunOptions {
  /**
   * From which size on files go in parts, and how large those are, in bytes, where a setting says so: it beats what the
   * store prefers. `never`: only files that the store takes no other way.
   */
  readonly parts?: PartRule | 'never' | undefined;
  /** Below which all files go: only that much is listed to find out what an interrupted try stored. */
  readonly under?: Under;
}

/** In bytes. */
export interface PartRule {
  readonly fromBytes: number;
  readonly partBytes: number;
}

/** One transfer to a store under way. */
export interface Uploading {
  readonly store: ArtifactStore;
  readonly record: Record;
  readonly journal: Journal;
  readonly confirming: Confirming;
  readonly options: UploadOptions;
  readonly io: Io;
}

/** A file that is read in ranges. */
export type PartedFile = UploadFile & Required<Pick<UploadFile, 'part'>>;

/** Writes a file at one go. */
export async function writeWhole(uploading: Uploading, file: UploadFile): Promise<Stored> {
  const { path } = file;
  const source = sourceAtPace(uploading, file.source);
  return uploading.store.write(path, source, writeOptions(uploading, file), fileIo(uploading, path));
}

/** On which condition a file is stored, and whose it is until it is whole. */
export function writeOptions({ journal }: Uploading, { when }: UploadFile): WriteOptions {
  return { owner: journal.id, ...(when ? { when } : {}) };
}

/** A source whose bytes come as fast as the transfer's bandwidth allows. */
export function sourceAtPace({ options }: Uploading, source: Source): Source {
  return options.pace ? pacedSource(source, options.pace) : source;
}

/** The Io of one file, by which its bytes count. */
export function fileIo({ record, options }: Uploading, path: string): Io {
  const io = record.ioOf(path);
  return options.pace ? pacedIo(io, options.pace) : io;
}

/** Writes down that a file arrived, when the store has as many bytes as were sent. */
export async function arrived(
  { store, record, confirming }: Uploading,
  { path, local, identity, why }: UploadFile,
  { entry, proof }: Stored,
  bytes: number,
): Promise<void> {
  if (entry.size !== undefined && entry.size !== bytes) {
    throw new Failure({
      kind: 'corrupt',
      message: `${path} has ${entry.size} bytes at ${store.label}, ${local} has ${bytes}`,
      hint: 'log it again; if it happens twice, a proxy between here and the store cuts or drops bodies',
      subject: path,
    });
  }
  record.observer.ended(path);
  const version = entry.version ? { version: entry.version.id } : {};
  await confirming.add({
    moved: { path, local, bytes, proof, why, ...wholeChecksum(entry.checksums) },
    ...(identity ? { done: { path, ...bareIdentity(identity), ...version } } : {}),
  });
}

/** Writes down that a file did not arrive, unless another writer stored it first and it was to be left alone then. */
export async function notArrived(uploading: Uploading, file: UploadFile, thrown: unknown): Promise<void> {
  const { record } = uploading;
  const { path, local } = file;
  const failure = asFailure(thrown, path);
  const isThere = failure.kind === 'exists' && (await mayBeThere(uploading, file));
  record.observer.ended(path);
  // What is there is another's: the next try must not take it for its own.
  if (failure.kind === 'exists') uploading.journal.gone(path);
  if (isThere) record.skipped({ path, local, why: 'exists', detail: 'another writer was there first' });
  else record.failed({ path, local, failure });
}

/** Whether a file that was to be new is there by now and may be; a folder in the way may not. */
async function mayBeThere({ store, io }: Uploading, { path, whenThere }: UploadFile): Promise<boolean> {
  if (whenThere !== 'skip') return false;
  const entry = await store.stat(path, io).catch(() => undefined);
  return entry?.kind === 'file';
}
