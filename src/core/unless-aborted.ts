import { asFailure } from './failure.ts';
import { onAbort } from './on-abort.ts';

/**
 * What the work gives, or, as soon as the signal aborts, its reason, whether or not the work listens to it.
 * @throws Failure the reason of the signal; what the work throws
 */
export async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal, subject: string): Promise<T> {
  return new Promise((resolve, reject) => {
    const stop = () => reject(asFailure(signal.reason, subject));
    if (signal.aborted) stop();
    const forget = onAbort(signal, stop);
    work.then(resolve, reject).finally(forget);
  });
}
