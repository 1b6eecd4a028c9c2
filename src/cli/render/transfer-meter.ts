import type { Clock } from '../../core/clock.ts';
import type { Observer } from '../../transfer/report.ts';

/** Where a transfer is. */
export interface Reading {
  /** Files planned so far, and how many of them are over in one way or another. */
  readonly files: number;
  readonly over: number;
  /** Bytes planned so far, and how many of them have moved. */
  readonly total: number;
  readonly bytes: number;
  /** Whether all is planned. */
  readonly known: boolean;
  readonly elapsedMs: number;
  /** Bytes per second lately. */
  readonly rate: number;
  /** Absent while it cannot be told. */
  readonly leftMs?: number;
  /** The file that has been under way longest. */
  readonly slowest?: { readonly path: string; readonly bytes: number; readonly total?: number };
}

/** Watches a transfer and tells where it is. */
export interface Meter extends Observer {
  read(): Reading;
}

/** The rate is that of this long, in ms, in steps of one. */
const WINDOW_MS = 10_000;
const STEP_MS = 1_000;

interface Running {
  readonly total?: number;
  bytes: number;
}

/** A meter that starts now. Its memory is bounded by the files under way. */
export function createMeter(clock: Clock): Meter {
  const began = clock.now();
  const count = { files: 0, over: 0, total: 0, bytes: 0, known: false };
  const running = new Map<string, Running>();
  let samples: { readonly at: number; readonly bytes: number }[] = [{ at: began, bytes: 0 }];
  const rateAt = (now: number): number => {
    const [first] = samples;
    if (!first || now <= first.at) return 0;
    return ((count.bytes - first.bytes) / (now - first.at)) * 1000;
  };
  const sample = (now: number): void => {
    if (now - (samples.at(-1)?.at ?? began) >= STEP_MS) samples.push({ at: now, bytes: count.bytes });
    const young = samples.filter(({ at }) => now - at <= WINDOW_MS);
    if (young.length > 0) samples = young;
  };
  return {
    planned: (files, bytes) => {
      count.files += files;
      count.total += bytes;
    },
    planEnded: () => {
      count.known = true;
    },
    started: (path, bytes) => {
      if (!running.has(path))
        running.set(path, { bytes: 0, ...(bytes === undefined ? {} : { total: bytes }) });
    },
    progress: (path, bytes) => {
      count.bytes += bytes;
      const file = running.get(path);
      if (file) file.bytes += bytes;
      sample(clock.now());
    },
    ended: (path) => {
      if (running.delete(path)) count.over += 1;
    },
    done: () => undefined,
    skipped: () => undefined,
    failed: () => undefined,
    read: () => {
      const now = clock.now();
      const rate = rateAt(now);
      const left = Math.max(0, count.total - count.bytes);
      const [oldest] = running;
      return {
        ...count,
        elapsedMs: now - began,
        rate,
        ...(count.known && rate > 0 ? { leftMs: (left / rate) * 1000 } : {}),
        ...(oldest ? { slowest: { path: oldest[0], ...oldest[1] } } : {}),
      };
    },
  };
}
