import { Readable } from 'node:stream';
import type { Source } from '../../artifacts/store.ts';
import type { Clock } from '../../core/clock.ts';
import type { Io } from '../../core/io.ts';

/** The largest piece that is let through at once, in bytes, and the shortest time that one may take, in ms. */
const PIECE_BYTES = 64 * 1024;
const PIECE_MS = 50;
const LEAST_BYTES = 1024;

/** The bandwidth of a transfer, shared by all its files: pieces are let through in the order of arrival. */
export interface Pace {
  /** How many bytes pass at once, at most. */
  readonly pieceBytes: number;
  /**
   * Waits until bytes may pass, and holds room for `bytes` of them until what this resolves to is called; bytes that
   * really passed meanwhile are told by `passed`.
   */
  turn(bytes: number, signal: AbortSignal): Promise<() => void>;
  /** So many bytes passed. */
  passed(bytes: number): void;
}

/** A pace of `bytesPerSecond` by the clock. */
export function createPace(bytesPerSecond: number, clock: Clock): Pace {
  let free = clock.now();
  let held = 0;
  let last: Promise<unknown> = Promise.resolve();
  const msOf = (bytes: number): number => (bytes / bytesPerSecond) * 1000;
  const untilFree = async (signal: AbortSignal): Promise<void> => {
    for (;;) {
      signal.throwIfAborted();
      const wait = free + msOf(held) - clock.now();
      if (wait <= 0) return;
      await clock.sleep(wait, signal);
    }
  };
  return {
    pieceBytes: Math.max(LEAST_BYTES, Math.min(PIECE_BYTES, Math.floor((bytesPerSecond * PIECE_MS) / 1000))),
    turn: async (bytes, signal) => {
      const mine = last.then(async () => untilFree(signal));
      last = mine.catch(() => undefined);
      await mine;
      held += bytes;
      let done = false;
      return () => {
        if (!done) held -= bytes;
        done = true;
      };
    },
    passed: (bytes) => {
      free = Math.max(free, clock.now()) + msOf(bytes);
    },
  };
}

/**
 * A source whose bytes come at a pace. They count when the store tells that they moved (`pacedIo`), since a store may
 * read a source once more only to know its digest.
 */
export function pacedSource(source: Source, pace: Pace): Source {
  return {
    ...source,
    bytes: undefined,
    open: async (from, signal) =>
      Readable.from(pieces(await source.open(from, signal), pace, signal), { objectMode: false }),
  };
}

async function* pieces(stream: Readable, pace: Pace, signal: AbortSignal): AsyncGenerator<Buffer> {
  let release: () => void = () => undefined;
  try {
    for await (const chunk of stream as AsyncIterable<Buffer>) {
      for (let from = 0; from < chunk.byteLength; from += pace.pieceBytes) {
        const piece = chunk.subarray(from, from + pace.pieceBytes);
        release();
        release = await pace.turn(piece.byteLength, signal);
        yield piece;
      }
    }
  } finally {
    release();
    stream.destroy();
  }
}

/** An Io that counts what moves against a pace. */
export function pacedIo(io: Io, pace: Pace): Io {
  return {
    ...io,
    progress: (bytes) => {
      pace.passed(bytes);
      io.progress?.(bytes);
    },
  };
}

/** How many units may share a pace so that none is silent for long. */
export function widthAt(bytesPerSecond: number, width: number): number {
  return Math.max(1, Math.min(width, Math.floor(bytesPerSecond / PIECE_BYTES)));
}
