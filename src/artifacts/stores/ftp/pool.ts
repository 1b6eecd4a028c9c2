import type { Clock } from '../../../core/clock.ts';
import { asFailure, type Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { Connection } from './connection.ts';
import { dial, tooMany, type FtpServer } from './dial.ts';

/** A connection that waited longer is asked whether it still lives, in ms. */
const STALE_MS = 15_000;
/** Waits before a server that takes no first connection is asked again, in ms: it may still count one that just ended. */
const DOOR_MS = [50, 100, 200, 400, 800] as const;

/** How long a narrowed pool stays so, in ms: the others may have left. */
const NARROW_MS = 30_000;

export interface PoolOptions {
  readonly server: FtpServer;
  /** The most connections at once. */
  readonly connections: number;
  /** How long a server may be silent, in ms; undefined for no limit. */
  readonly idleMs: number | undefined;
  readonly clock: Clock;
}

/** A connection for one's own use until it is given back. */
export interface Lease {
  readonly connection: Connection;
  /** Gives it back; a closed one is forgotten. Once. */
  readonly release: () => void;
}

/**
 * Connections to one server with one login: opened when they are needed, kept and used again. A server that takes no
 * more (421, or 530 after a login that worked) narrows the pool to those that it took.
 */
export class Pool {
  readonly label: string;
  readonly #options: PoolOptions;
  readonly #idle: Connection[] = [];
  readonly #waiting = new Set<() => void>();
  #open = 0;
  #width: number;
  #known = false;
  #narrowedAt = 0;

  constructor(options: PoolOptions) {
    this.#options = options;
    this.#width = options.connections;
    this.label = options.server.label;
  }

  /** Runs one operation on a connection of its own. */
  async use<T>(io: Io, act: (connection: Connection) => Promise<T>): Promise<T> {
    const { connection, release } = await this.take(io);
    try {
      return await act(connection);
    } finally {
      release();
    }
  }

  /** @throws Failure as `dial`; throttled when no connection was given back in time */
  async take(io: Io): Promise<Lease> {
    const { clock, server } = this.#options;
    const until = clock.now() + server.connectMs;
    for (let knocks = 0; ;) {
      if (io.signal.aborted) throw asFailure(io.signal.reason, this.label);
      const connection = await this.#next(io, knocks);
      if (connection) return this.#lease(connection, io);
      if (clock.now() > until) throw tooMany(this.label, 421);
      if (this.#open === 0) knocks += 1;
    }
  }

  /** A connection, or undefined when it is to be asked again. */
  async #next(io: Io, knocks: number): Promise<Connection | undefined> {
    const { clock, server, connections } = this.#options;
    const kept = this.#idle.pop();
    if (kept && (await this.#lives(kept, io))) return kept;
    if (kept) {
      this.#forget();
      return undefined;
    }
    if (clock.now() - this.#narrowedAt > NARROW_MS) this.#width = connections;
    if (this.#open >= this.#width) return this.#pause(server.connectMs, io);
    this.#open += 1;
    try {
      const fresh = await dial(server, io);
      this.#known = true;
      return fresh;
    } catch (thrown) {
      this.#forget();
      return this.#narrow(this.#judged(thrown), knocks, io);
    }
  }

  /** A login that worked before and is refused now: the server counts logins, not connections. */
  #judged(thrown: unknown): Failure {
    const failure = asFailure(thrown, this.label);
    return this.#known && failure.facts.vendor?.code === '530' ? tooMany(this.label, 530, thrown) : failure;
  }

  async #narrow(failure: Failure, knocks: number, io: Io): Promise<undefined> {
    if (failure.kind !== 'throttled') throw failure;
    const waitMs = DOOR_MS[knocks];
    if (this.#open === 0 && waitMs === undefined) throw failure;
    if (this.#open === 0) return this.#pause(waitMs ?? 0, io);
    this.#width = this.#open;
    this.#narrowedAt = this.#options.clock.now();
    io.trace?.('narrow', { subject: this.label, connections: this.#open });
    return undefined;
  }

  /** Waits until a connection is given back, for so long at most. */
  async #pause(atMostMs: number, io: Io): Promise<undefined> {
    await new Promise<void>((resolve) => {
      const go = () => {
        clearTimeout(timer);
        io.signal.removeEventListener('abort', go);
        this.#waiting.delete(go);
        resolve();
      };
      const timer = setTimeout(go, atMostMs);
      this.#waiting.add(go);
      io.signal.addEventListener('abort', go, { once: true });
    });
    return undefined;
  }

  async #lives(connection: Connection, io: Io): Promise<boolean> {
    if (connection.closed) return false;
    if (this.#options.clock.now() - connection.idleSince < STALE_MS) return true;
    const unwatch = connection.watch(io, this.#options.server.connectMs, this.label);
    try {
      await connection.client.send('NOOP');
      return true;
    } catch {
      connection.client.close();
      return false;
    } finally {
      unwatch();
    }
  }

  #lease(connection: Connection, io: Io): Lease {
    const unwatch = connection.watch(io, this.#options.idleMs, this.label);
    let given = false;
    const release = () => {
      if (given) return;
      given = true;
      unwatch();
      connection.flow = undefined;
      if (connection.closed) this.#forget();
      else {
        connection.idleSince = this.#options.clock.now();
        this.#idle.push(connection);
        this.#wake();
      }
    };
    return { connection, release };
  }

  #forget(): void {
    this.#open -= 1;
    this.#wake();
  }

  #wake(): void {
    for (const go of this.#waiting) {
      go();
      return;
    }
  }

  /** Takes leave of the server. */
  close(): void {
    for (const { client } of this.#idle.splice(0)) client.close();
  }
}
