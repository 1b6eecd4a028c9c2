import { asFailure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import type { Observer, Report } from '../report.ts';
import { createRecord, type Record as Tally } from '../run/record.ts';
import type { Job } from '../run/job.ts';
import type { RunOptions } from '../run/run-plan.ts';
import { runJobs } from '../run/scheduler.ts';
import { compareContent } from './compare-content.ts';
import type { Difference, DifferenceWhy } from './difference.ts';
import { planPairs, sizesText, type Pair, type Sides, type Verdicts } from './plan-pairs.ts';

/** Who watches a verification: `done` tells of files that are the same. */
export interface VerifyObserver extends Observer {
  differs(difference: Difference): void;
}

export interface VerifyOptions extends RunOptions {
  readonly observer: VerifyObserver;
  /** Compare names and sizes; read nothing. */
  readonly sizeOnly: boolean;
}

/** What a verification found: `files` and `bytes` are those that are the same on both sides. */
export interface VerifyReport extends Report {
  readonly differing: number;
  readonly differences: Readonly<Partial<Record<DifferenceWhy, number>>>;
}

/** A verification under way. */
interface Verifying extends Verdicts {
  readonly sides: Sides;
  readonly record: Tally;
  readonly options: VerifyOptions;
  readonly io: Io;
}

/**
 * Compares two sides by names, sizes and, unless sizes are enough, contents. Folders count only where the other side has
 * a file of that name. A file that cannot be read is its own failure and the others go on.
 * @throws Failure what a listing fails with before anything was compared
 */
export async function runVerify(sides: Sides, options: VerifyOptions, io: Io): Promise<VerifyReport> {
  const record = createRecord(options.observer, io);
  const differences: { [W in DifferenceWhy]?: number } = {};
  let differing = 0;
  const verifying: Verifying = {
    ...{ sides, record, options, io },
    skipped: (skipped) => record.skipped(skipped),
    failed: (name, failure) =>
      record.failed({ path: sides.pathOf(name), local: sides.localOf(name), failure }),
    differs: (name, why, more = {}) => {
      differing += 1;
      differences[why] = (differences[why] ?? 0) + 1;
      options.observer.differs({ path: sides.pathOf(name), local: sides.localOf(name), why, ...more });
    },
  };
  const width = Math.min(options.workers, sides.reader.connections);
  const broken = await runJobs(jobsOf(verifying), { width, signal: io.signal, clock: options.clock }).catch(
    (thrown: unknown) => thrown,
  );
  const report = record.report(broken);
  if (broken !== undefined && report.files + report.failed + differing === 0)
    throw asFailure(broken, 'verify');
  return { ...report, differing, differences };
}

async function* jobsOf(verifying: Verifying): AsyncGenerator<Job> {
  const { sides, record, options } = verifying;
  for await (const pair of planPairs(sides, verifying, options.mayGoOn)) {
    const { name, entry, identity } = pair;
    const { size: bytes } = identity;
    const path = sides.pathOf(name);
    record.observer.planned(1, bytes);
    if (!options.sizeOnly && (bytes > 0 || entry.size === undefined)) yield pairJob(verifying, pair, path);
    else {
      record.observer.started(path, bytes);
      record.observer.progress(path, bytes);
      record.observer.ended(path);
      const proof = entry.size === undefined ? 'none' : 'size';
      record.done({ path, local: sides.localOf(name), bytes, proof });
    }
  }
  record.observer.planEnded();
}

function pairJob(verifying: Verifying, pair: Pair, path: string): Job {
  const { sides, record } = verifying;
  return {
    kind: 'whole',
    run: async () => {
      record.observer.started(path, pair.identity.size);
      await comparePair(verifying, pair, path);
      record.observer.ended(path);
    },
    failed: (thrown) => {
      record.observer.ended(path);
      record.failed({ path, local: sides.localOf(pair.name), failure: asFailure(thrown, path) });
    },
  };
}

async function comparePair(
  verifying: Verifying,
  { name, entry, identity }: Pair,
  path: string,
): Promise<void> {
  const { sides, record, options } = verifying;
  const { reader } = sides;
  const contents = { reader, path: sides.readIn(name), entry, identity, pace: options.pace };
  const { there, here, bytes } = await compareContent(contents, record.ioOf(path));
  if (bytes !== identity.size) verifying.differs(name, 'size', sizesText(bytes, identity.size));
  else if (there.value === here.value)
    record.done({ path, local: sides.localOf(name), bytes, proof: 'checksum', checksum: there });
  else {
    const detail = `${there.algorithm} ${there.value} there, ${here.value} here`;
    verifying.differs(name, 'content', { bytes, localBytes: identity.size, detail });
  }
}
