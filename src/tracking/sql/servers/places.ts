import { stopped } from '../mutex.ts';

/** A number of places, taken in order of arrival. */
export interface Places {
  /** @throws Failure cancelled when the signal aborts before one is free */
  enter(signal: AbortSignal): Promise<void>;
  leave(): void;
}

/** Places for this many at the same time. */
export function createPlaces(most: number, subject: string): Places {
  const waiting: (() => void)[] = [];
  let free = Math.max(1, most);

  const wait = (signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      const admit = (): void => {
        signal.removeEventListener('abort', onAbort);
        resolve();
      };
      const onAbort = (): void => {
        waiting.splice(waiting.indexOf(admit), 1);
        reject(stopped(signal, subject));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      waiting.push(admit);
    });

  return {
    async enter(signal) {
      if (signal.aborted) throw stopped(signal, subject);
      if (free > 0) free -= 1;
      else await wait(signal);
    },
    leave() {
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    },
  };
}
