import { asFailure, type Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import type { Lost, Moved, Observer, Report } from './report.ts';

/** What a transfer writes down while it runs. */
export interface Record {
  /** The transfer's Io; bytes moved are told to the observer. */
  readonly io: Io;
  readonly moved: readonly Moved[];
  done(moved: Moved): void;
  /** A file that fails once the transfer was stopped is not told: the stop is the reason. */
  failed(lost: Lost): void;
  /** The report; `moved` and `lost` of a later check replace and complete what was written down. */
  report(checked?: { readonly moved: readonly Moved[]; readonly lost: readonly Lost[] }): Report;
}

/** An empty record. */
export function createRecord(observer: Observer, io: Io): Record {
  const moved: Moved[] = [];
  const lost: Lost[] = [];
  const fail = (one: Lost): void => {
    if (io.signal.aborted) return;
    lost.push(one);
    observer.failed(one);
  };
  return {
    io: { ...io, progress: (bytes) => observer.progress(bytes) },
    moved,
    done: (one) => {
      moved.push(one);
      observer.done(one);
    },
    failed: fail,
    report: (checked) => {
      for (const one of checked?.lost ?? []) fail(one);
      const arrived = checked?.moved ?? moved;
      const stopped = stopOf(io);
      return {
        moved: arrived,
        lost,
        bytes: arrived.reduce((sum, each) => sum + each.bytes, 0),
        ...(stopped ? { stopped } : {}),
      };
    },
  };
}

function stopOf({ signal }: Io): Failure | undefined {
  return signal.aborted ? asFailure(signal.reason, 'transfer') : undefined;
}
