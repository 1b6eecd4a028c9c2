import { asFailure, Failure } from '../../../core/failure.ts';
import { unlessAborted } from '../../../core/unless-aborted.ts';
import type { Session } from './session.ts';

/** A session in use; `release` gives it back when the operation and its body are done. */
export interface Lease {
  readonly session: Session;
  readonly release: () => void;
}

interface Slot {
  readonly opening: Promise<Session>;
  /** Stops the opening. */
  readonly stop: AbortController;
  session?: Session;
  active: number;
}

/**
 * Sessions to one server, opened when they are needed, at most `most`. A dead one is dropped and replaced by the next
 * operation. A failure that a retry cannot help (a key that is not trusted, a login that is refused) is remembered: a
 * server that counts failed logins must not see one per file.
 */
export class SessionPool {
  readonly #open: (signal: AbortSignal) => Promise<Session>;
  readonly #most: number;
  readonly #slots = new Set<Slot>();
  #hopeless: Failure | undefined;

  constructor(open: (signal: AbortSignal) => Promise<Session>, most: number) {
    this.#open = open;
    this.#most = most;
  }

  /** The session with the fewest operations. @throws Failure as `openSession` */
  async lease(signal: AbortSignal): Promise<Lease> {
    signal.throwIfAborted();
    if (this.#hopeless) throw this.#hopeless;
    const slot = this.#pick();
    slot.active += 1;
    const release = once(() => (slot.active -= 1));
    try {
      return { session: await unlessAborted(slot.opening, signal, 'SFTP'), release };
    } catch (thrown) {
      release();
      if (slot.active === 0 && !slot.session) this.#giveUp(slot);
      throw thrown;
    }
  }

  /** Runs an operation on a session. */
  async use<T>(signal: AbortSignal, act: (session: Session) => Promise<T>): Promise<T> {
    const { session, release } = await this.lease(signal);
    try {
      return await act(session);
    } finally {
      release();
    }
  }

  close(): void {
    for (const slot of this.#slots) {
      slot.session?.end();
      this.#giveUp(slot);
    }
  }

  /** Nobody waits for it any more: a server that never answers must not keep the process. */
  #giveUp(slot: Slot): void {
    this.#slots.delete(slot);
    slot.stop.abort(
      new Failure({ kind: 'cancelled', message: 'nobody waits for it any more', subject: 'SFTP' }),
    );
  }

  #pick(): Slot {
    for (const slot of this.#slots) if (slot.session?.isDead === true) this.#slots.delete(slot);
    const [calmest] = [...this.#slots].toSorted((a, b) => a.active - b.active);
    if (calmest && (calmest.active === 0 || this.#slots.size >= this.#most)) return calmest;
    return this.#add();
  }

  #add(): Slot {
    const stop = new AbortController();
    const slot: Slot = { opening: this.#open(stop.signal), stop, active: 0 };
    this.#slots.add(slot);
    slot.opening.then(
      (session) => (slot.session = session),
      (thrown: unknown) => {
        this.#slots.delete(slot);
        const failure = asFailure(thrown, '');
        if (failure.retry === 'never' && !stop.signal.aborted) this.#hopeless = failure;
      },
    );
    return slot;
  }
}

function once(act: () => void): () => void {
  let isDone = false;
  return () => {
    if (!isDone) act();
    isDone = true;
  };
}
