import { join } from 'node:path';
import type { ArtifactReader } from '../../artifacts/reader.ts';
import type { Entry } from '../../artifacts/store.ts';
import type { Under } from '../../core/artifact-path.ts';
import { asFailure, Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import { countRetries, type RetryPolicy } from '../../core/retry.ts';
import type { DownloadFile } from '../items.ts';
import { wholeChecksum } from '../report.ts';
import type { ContainedFolders } from './contained-folders.ts';
import type { Journal } from './journal/journal.ts';
import type { Placed } from './place-file.ts';
import type { Record } from './record.ts';
import type { RunOptions } from './run-plan.ts';

/** From which size on files are fetched in ranges, and how large those are, in bytes. */
export interface RangeRule {
  readonly fromBytes: number;
  readonly rangeBytes: number;
}

/** How files are fetched. */
export interface DownloadOptions extends RunOptions {
  /** From which size on a file is fetched in ranges, and how large those are, in bytes; undefined: never. */
  readonly ranges?: RangeRule | undefined;
  /** That nothing may be under a name already: what is about to be written is written down before. */
  readonly intends?: boolean;
  /** What the reader calls an entry; its path unless told. `''` is the file at its root. */
  readonly pathOf?: (entry: Entry) => Under;
}

/** One transfer to a folder under way. */
export interface Fetching {
  readonly reader: ArtifactReader;
  readonly folder: string;
  readonly folders: ContainedFolders;
  readonly record: Record;
  readonly journal: Journal;
  readonly options: DownloadOptions;
  readonly io: Io;
}

const NO_RETRIES: RetryPolicy = {
  maxRetries: 0,
  backoffMs: 0,
  jitterMs: 0,
  maxWaitMs: 0,
  respectRetryAfter: false,
};

/** The tries of a file, or of a part of it, whose bytes may come other than the store has them. */
export function retriesOf(
  { options: { retry = NO_RETRIES, clock } }: Fetching,
  subject: string,
): ReturnType<typeof countRetries> {
  const again = countRetries(retry, { subject, repeatable: true }, clock);
  return async (thrown, io) => {
    // The scheduler waits for what it knows by its code, such as too many open files.
    if (!(thrown instanceof Failure)) throw thrown;
    await again(thrown, io);
  };
}

/** Writes down that a file was placed. */
export function placed(
  { folder, record, journal }: Fetching,
  { entry, name, why }: DownloadFile,
  { bytes, proof, identity }: Placed,
): void {
  const { path, version } = entry;
  record.observer.ended(path);
  record.done({ path, local: join(folder, name), bytes, proof, why, ...wholeChecksum(entry.checksums) });
  journal.done({ path, ...identity, ...(version ? { version: version.id } : {}) });
}

/** Writes down that a file was not placed. */
export function notPlaced(
  { folder, record }: Fetching,
  { entry, name }: DownloadFile,
  thrown: unknown,
): void {
  record.observer.ended(entry.path);
  record.failed({ path: entry.path, local: join(folder, name), failure: asFailure(thrown, entry.path) });
}

/** What the reader calls an entry. */
export function pathIn({ options }: Fetching, entry: Entry): Under {
  return options.pathOf ? options.pathOf(entry) : entry.path;
}
