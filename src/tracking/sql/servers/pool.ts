import { stopped } from '../mutex.ts';
import type { PoolOptions } from './options.ts';

/** What a pool keeps. */
export interface Pooled {
  isLost(): boolean;
  destroy(): void;
  close(): Promise<void>;
}

/** Connections, each used by one at a time. */
export interface Pool<C extends Pooled> {
  /** A connection of one's own, waiting for a place when all are in use. @throws Failure cancelled; what connecting throws */
  acquire(signal: AbortSignal): Promise<C>;
  /** Gives it back; one that is lost or too old is replaced later. */
  release(connection: C): void;
  /** Closes what is idle; what is in use is closed when it comes back. */
  close(): Promise<void>;
}

interface Waiter {
  readonly admit: () => void;
}

/** A pool that connects on demand with `connect` and keeps the connections used last. */
export function createPool<C extends Pooled>(
  connect: (signal: AbortSignal) => Promise<C>,
  options: PoolOptions,
  now: () => number,
  subject: string,
): Pool<C> {
  const idle: C[] = [];
  const bornAt = new WeakMap<C, number>();
  const waiters: Waiter[] = [];
  let places = Math.max(1, options.most);
  let isClosed = false;

  const isFresh = (connection: C): boolean =>
    !connection.isLost() && now() - (bornAt.get(connection) ?? 0) < options.recycleMs;

  const leave = (): void => {
    const next = waiters.shift();
    if (next) next.admit();
    else places += 1;
  };

  const enter = async (signal: AbortSignal): Promise<void> => {
    if (signal.aborted) throw stopped(signal, subject);
    if (places > 0) {
      places -= 1;
      return;
    }
    await new Promise<void>((resolve, reject) => {
      const waiter: Waiter = {
        admit: () => {
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      const onAbort = (): void => {
        waiters.splice(waiters.indexOf(waiter), 1);
        reject(stopped(signal, subject));
      };
      signal.addEventListener('abort', onAbort, { once: true });
      waiters.push(waiter);
    });
  };

  const takeIdle = (): C | undefined => {
    for (let connection = idle.pop(); connection; connection = idle.pop()) {
      if (isFresh(connection)) return connection;
      connection.destroy();
    }
    return undefined;
  };

  return {
    async acquire(signal) {
      await enter(signal);
      try {
        const kept = takeIdle();
        if (kept) return kept;
        const made = await connect(signal);
        bornAt.set(made, now());
        return made;
      } catch (thrown) {
        leave();
        throw thrown;
      }
    },
    release(connection) {
      if (!isClosed && idle.length < options.keep && isFresh(connection)) idle.push(connection);
      else connection.destroy();
      leave();
    },
    async close() {
      isClosed = true;
      await Promise.all(idle.splice(0).map((connection) => connection.close()));
    },
  };
}
