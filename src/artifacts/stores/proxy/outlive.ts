import { asFailure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';

/** How long an answer is still waited for after a stop, in ms. */
const GRACE_MS = 1_500;

/**
 * Runs an attempt that a stop ends a moment later only: what the server began while we were told to stop can be given up
 * by its answer alone.
 * @throws Failure cancelled, without an attempt, when the stop came before
 */
export async function outliveStop<T>(subject: string, io: Io, attempt: (io: Io) => Promise<T>): Promise<T> {
  if (io.signal.aborted) throw asFailure(io.signal.reason, subject);
  const late = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    timer = setTimeout(() => late.abort(io.signal.reason), GRACE_MS);
  };
  io.signal.addEventListener('abort', stop, { once: true });
  try {
    return await attempt({ ...io, signal: late.signal });
  } finally {
    io.signal.removeEventListener('abort', stop);
    clearTimeout(timer);
  }
}
