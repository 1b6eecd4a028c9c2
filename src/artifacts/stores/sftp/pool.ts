import type { Failure } from '../../../core/failure.ts';
import { asFailure } from '../../../core/failure.ts';
import type { Session } from './session.ts';

/** A session in use; `release` gives it back when the operation and its body are done. */
export interface Lease {
  readonly session: Session;
  readonly release: () => void;
}

interface Slot {
  readonly opening: Promise<Session>;
  session?: Session;
  active: number;
}

/**
 * Sessions to one server, opened when they are needed, at most `most`. A dead one is dropped and replaced by the next
 * operation. A failure that a retry cannot help (a key that is not trusted, a login that is refused) is remembered: a
 * server that counts failed logins must not see one per file.
 */
export class SessionPool {
  readonly #open: () => Promise<Session>;
  readonly #most: number;
  readonly #slots = new Set<Slot>();
  #hopeless: Failure | undefined;

  constructor(open: () => Promise<Session>, most: number) {
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
      return { session: await abortable(slot.opening, signal), release };
    } catch (thrown) {
      release();
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
    for (const { opening } of this.#slots) opening.then((session) => session.end()).catch(() => undefined);
    this.#slots.clear();
  }

  #pick(): Slot {
    for (const slot of this.#slots) if (slot.session?.isDead === true) this.#slots.delete(slot);
    const [calmest] = [...this.#slots].toSorted((a, b) => a.active - b.active);
    if (calmest && (calmest.active === 0 || this.#slots.size >= this.#most)) return calmest;
    return this.#add();
  }

  #add(): Slot {
    const slot: Slot = { opening: this.#open(), active: 0 };
    this.#slots.add(slot);
    slot.opening.then(
      (session) => (slot.session = session),
      (thrown: unknown) => {
        this.#slots.delete(slot);
        const failure = asFailure(thrown, '');
        if (failure.retry === 'never') this.#hopeless = failure;
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

async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = () => reject(signal.reason as Error);
    signal.addEventListener('abort', onAbort, { once: true });
    promise.then(resolve, reject).finally(() => signal.removeEventListener('abort', onAbort));
  });
}
