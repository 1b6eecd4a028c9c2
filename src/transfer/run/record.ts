import { asFailure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import type { Skipped, SkipWhy } from '../items.ts';
import {
  MOST_LOST,
  sameExit,
  type Lost,
  type Moved,
  type Observer,
  type Proof,
  type Report,
} from '../report.ts';

/** What a transfer counts while it runs, in constant memory; everything is told to the observer as it happens. */
export interface Record {
  readonly observer: Observer;
  /** The Io of one file: its bytes are told to the observer, and `also` to whoever counts them too. */
  ioOf(path: string, also?: (bytes: number) => void): Io;
  done(moved: Moved): void;
  skipped(skipped: Skipped): void;
  /** A file that fails once the transfer was stopped is not told: the stop is the reason. */
  failed(lost: Lost): void;
  folderLeftOut(): void;
  /** The report so far; `broken` is what the plan broke off with. */
  report(broken?: unknown): Report;
}

/** An empty record. */
export function createRecord(observer: Observer, io: Io): Record {
  const verified: { [P in Proof]: number } = { checksum: 0, size: 0, none: 0 };
  const left: { [W in SkipWhy]?: number } = {};
  const lost: Lost[] = [];
  const count = { files: 0, bytes: 0, failed: 0, foldersLeftOut: 0, alike: true };
  return {
    observer,
    ioOf: (path, also) => ({
      ...io,
      progress: (bytes) => {
        also?.(bytes);
        observer.progress(path, bytes);
      },
    }),
    done: (moved) => {
      count.files += 1;
      count.bytes += moved.bytes;
      verified[moved.proof] += 1;
      observer.done(moved);
    },
    skipped: (skipped) => {
      left[skipped.why] = (left[skipped.why] ?? 0) + 1;
      observer.skipped(skipped);
    },
    failed: (one) => {
      if (io.signal.aborted) return;
      count.failed += 1;
      const [first] = lost;
      if (first && !sameExit(first.failure, one.failure)) count.alike = false;
      if (lost.length < MOST_LOST) lost.push(one);
      observer.failed(one);
    },
    folderLeftOut: () => {
      count.foldersLeftOut += 1;
    },
    report: (broken) => {
      const reason = io.signal.aborted ? (io.signal.reason as unknown) : broken;
      return {
        ...count,
        verified: { ...verified },
        skipped: { ...left },
        lost,
        ...(reason === undefined ? {} : { stopped: asFailure(reason, 'transfer') }),
      };
    },
  };
}
