import type { PoolOptions } from './options.ts';
import { createPlaces } from './places.ts';

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

/** A pool that connects on demand with `connect` and gives out the connection used last. */
export function createPool<C extends Pooled>(
  connect: (signal: AbortSignal) => Promise<C>,
  options: PoolOptions,
  now: () => number,
  subject: string,
): Pool<C> {
  const idle: C[] = [];
  const bornAt = new WeakMap<C, number>();
  const places = createPlaces(options.most, subject);
  let isClosed = false;

  const isFresh = (connection: C): boolean =>
    !connection.isLost() && now() - (bornAt.get(connection) ?? 0) < options.recycleMs;

  const takeIdle = (): C | undefined => {
    for (let connection = idle.pop(); connection; connection = idle.pop()) {
      if (isFresh(connection)) return connection;
      connection.destroy();
    }
    return undefined;
  };

  const make = async (signal: AbortSignal): Promise<C> => {
    const made = await connect(signal);
    bornAt.set(made, now());
    return made;
  };

  return {
    async acquire(signal) {
      await places.enter(signal);
      try {
        return takeIdle() ?? (await make(signal));
      } catch (thrown) {
        places.leave();
        throw thrown;
      }
    },
    release(connection) {
      if (!isClosed && idle.length < options.keep && isFresh(connection)) idle.push(connection);
      else connection.destroy();
      places.leave();
    },
    async close() {
      isClosed = true;
      await Promise.all(idle.splice(0).map((connection) => connection.close()));
    },
  };
}
