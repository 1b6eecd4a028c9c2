import { setMaxListeners } from 'node:events';
import { Failure } from '../../core/failure.ts';

/** Lets one piece of work run at a time, in order of arrival. */
export interface Mutex {
  /** @throws Failure cancelled when the signal aborts before the turn comes; whatever the work throws */
  run<T>(signal: AbortSignal, work: () => Promise<T>): Promise<T>;
}

/** The reason of an aborted signal as a Failure. */
export function stopped(signal: AbortSignal, subject: string): Failure {
  const reason: unknown = signal.reason;
  if (reason instanceof Failure) return reason;
  return new Failure({ kind: 'cancelled', message: 'stopped on request', subject }, reason);
}

async function untilAborted(turn: Promise<void>, signal: AbortSignal, subject: string): Promise<void> {
  if (signal.aborted) throw stopped(signal, subject);
  // Any number of callers may queue on one signal; Node would warn of a leak.
  setMaxListeners(0, signal);
  await new Promise<void>((resolve, reject) => {
    const onAbort = (): void => reject(stopped(signal, subject));
    signal.addEventListener('abort', onAbort, { once: true });
    void turn.then(() => {
      signal.removeEventListener('abort', onAbort);
      resolve();
    });
  });
}

/** A mutex of this process. */
export function createMutex(subject: string): Mutex {
  let tail: Promise<void> = Promise.resolve();
  return {
    async run(signal, work) {
      const turn = tail;
      let release = (): void => undefined;
      const mine = new Promise<void>((done) => {
        release = done;
      });
      tail = turn.then(() => mine);
      try {
        await untilAborted(turn, signal, subject);
        return await work();
      } finally {
        release();
      }
    },
  };
}
