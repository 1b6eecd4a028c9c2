import type { Io } from '../../core/io.ts';
import type { Clock } from '../../core/clock.ts';
import type { RetryPolicy } from '../../core/retry.ts';
import type { ArtifactPath } from '../../core/artifact-path.ts';
import type { Planned, Skipped } from '../items.ts';
import type { Observer } from '../report.ts';
import { createBatch, type Batch, type InBulk } from './batch.ts';
import type { Job } from './job.ts';
import { noJournal, type Journal } from './journal/journal.ts';
import type { Pace } from './pace.ts';
import type { Record } from './record.ts';
import { runJobs } from './scheduler.ts';

/** How a transfer is run. */
export interface RunOptions {
  /** Files or parts under way at once; the store's connections may allow fewer. */
  readonly workers: number;
  readonly observer: Observer;
  readonly clock: Clock;
  /** How often a file is fetched anew whose bytes broke off or came other than the store has them; never unless told. */
  readonly retry?: RetryPolicy | undefined;
  readonly pace?: Pace | undefined;
  readonly journal?: Journal | undefined;
  /** Whether what is unfinished stays when the transfer is stopped, so that the next try takes it up. */
  readonly keepUnfinished?: boolean;
  /** Asked before each name of the plan: whoever takes the events may have to catch up. */
  readonly mayGoOn?: (() => Promise<void>) | undefined;
}

/** The journal of a transfer, or one that is not kept. */
export function journalOf({ journal }: RunOptions): Journal {
  return journal ?? noJournal();
}

/** What a direction makes of planned names. */
export interface Direction<F> {
  readonly width: number;
  readonly record: Record;
  /** Absent where every file goes by itself. */
  readonly bulk?: InBulk<F> | undefined;
  sizeOf(file: F): number | undefined;
  /** What an interrupted try did with a file, where nothing is left to do. */
  doneBefore?(file: F): Promise<Skipped | undefined> | Skipped | undefined;
  /** Undefined when the file turns out to be no work. */
  fileJob(file: F): Job | undefined;
  folderJob(path: ArtifactPath): Job;
}

/** How many jobs wait at most where each may be thousands of files. */
const BATCHES_AHEAD = 3;

/**
 * Runs a plan while it is made.
 * @returns what the plan broke off with, once what it gave before has been done
 */
export async function runPlan<F>(
  planned: AsyncIterable<Planned<F>>,
  direction: Direction<F>,
  { clock, mayGoOn }: RunOptions,
  io: Io,
): Promise<unknown> {
  const { width, record, bulk } = direction;
  const batch = bulk && createBatch(bulk, (file) => direction.fileJob(file));
  let broken: { readonly thrown: unknown } | undefined;
  const jobs = async function* (): AsyncGenerator<Job> {
    try {
      for await (const item of planned) {
        await mayGoOn?.();
        const job = await jobOf(item, direction, batch);
        if (job) yield job;
      }
    } catch (thrown) {
      broken = { thrown };
    }
    record.observer.planEnded();
    const rest = batch?.rest();
    if (rest) yield rest;
  };
  const ahead = bulk ? { ahead: BATCHES_AHEAD } : {};
  await runJobs(jobs(), { width, signal: io.signal, clock, ...ahead });
  return broken?.thrown;
}

async function jobOf<F>(
  item: Planned<F>,
  direction: Direction<F>,
  batch: Batch<F> | undefined,
): Promise<Job | undefined> {
  const { record } = direction;
  switch (item.kind) {
    case 'skip':
      record.skipped(item.skipped);
      return undefined;
    case 'trouble':
      record.failed({ path: item.path, local: item.local, failure: item.failure });
      return undefined;
    case 'folder':
      return direction.folderJob(item.path);
    case 'file':
      return fileJob(item.file, direction, batch);
  }
}

async function fileJob<F>(
  file: F,
  direction: Direction<F>,
  batch: Batch<F> | undefined,
): Promise<Job | undefined> {
  const { record, bulk } = direction;
  const before = await direction.doneBefore?.(file);
  if (before) {
    record.skipped(before);
    return undefined;
  }
  const isBatched = batch && bulk?.takes(file) === true;
  const job = isBatched ? batch.add(file) : direction.fileJob(file);
  if (isBatched || job) record.observer.planned(1, direction.sizeOf(file) ?? 0);
  return job;
}
