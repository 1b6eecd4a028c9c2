/** A value that may be traced: never a secret. */
export type TraceValue = string | number | boolean;

/** What every asynchronous call carries: how to stop it, where it reports bytes, where it tells what it does. */
export interface Io {
  readonly signal: AbortSignal;
  /** Called with the number of bytes moved since the last call, in either direction. */
  readonly progress?: (bytes: number) => void;
  /** Tells an event to `--verbose` (`request`, `retry`, …). */
  readonly trace?: (event: string, fields: Readonly<Record<string, TraceValue>>) => void;
}

/** How long an undo may take after the work it undoes was cancelled, in ms. */
const CLEANUP_MS = 3_000;

/** The same Io with a signal of its own, for aborting uploads and removing partial files after a cancel. */
export function cleanupIo(io: Io): Io {
  return { ...(io.trace ? { trace: io.trace } : {}), signal: AbortSignal.timeout(CLEANUP_MS) };
}
