import { Failure } from '../core/failure.ts';
import { formatDuration } from '../core/duration.ts';
import type { Io } from '../core/io.ts';
import { onAbort } from '../core/on-abort.ts';

/** How long work may go on after it was told to stop, in ms: a probe is removed then. */
const GRACE_MS = 3_500;

/**
 * Does work for so long. When the time is over, or `io` is stopped, the work is told so and may still clean up; what does not
 * end then is left behind.
 * @throws Failure timeout; what the work throws
 */
export async function within<T>(
  ms: number,
  subject: string,
  io: Io,
  work: (io: Io) => T | Promise<T>,
): Promise<T> {
  const limit = new AbortController();
  const late = new Failure({
    kind: 'timeout',
    message: `there was no result within ${formatDuration(ms)}`,
    subject,
  });
  const timer = setTimeout(() => limit.abort(late), ms);
  const signal = AbortSignal.any([io.signal, limit.signal]);
  const abandon = abandoned(signal);
  try {
    return await Promise.race([(async () => work({ ...io, signal }))(), abandon.promise]);
  } catch (thrown) {
    // Whatever shape a library gives to an abort, it is the time that was over.
    if (limit.signal.aborted && !io.signal.aborted) throw late;
    throw thrown;
  } finally {
    clearTimeout(timer);
    abandon.forget();
  }
}

/** Rejects when the work still goes on that long after it was told to stop. */
function abandoned(signal: AbortSignal): { readonly promise: Promise<never>; readonly forget: () => void } {
  let grace: NodeJS.Timeout | undefined;
  let forget = (): void => undefined;
  const promise = new Promise<never>((_resolve, reject) => {
    const wait = () => (grace = setTimeout(() => reject(signal.reason as Error), GRACE_MS));
    if (signal.aborted) wait();
    else forget = onAbort(signal, wait);
  });
  return {
    promise,
    forget: () => {
      clearTimeout(grace);
      forget();
    },
  };
}
