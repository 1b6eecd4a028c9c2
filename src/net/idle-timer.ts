/** Watches for silence while the other side has the word. */
export class IdleTimer {
  readonly #ms: number | undefined;
  readonly #expired: () => void;
  #armed = false;
  #wanted = false;
  #timer: NodeJS.Timeout | undefined;

  /** Calls `expired` once when `ms` pass after a `start`; never when `ms` is undefined. */
  constructor(ms: number | undefined, expired: () => void) {
    this.#ms = ms;
    this.#expired = expired;
  }

  /** The other side has the word (again): the time starts anew. Before `arm` it only notes that it should run. */
  start(): void {
    this.#wanted = true;
    if (!this.#armed || this.#ms === undefined) return;
    if (this.#timer) this.#timer.refresh();
    else this.#timer = setTimeout(this.#expired, this.#ms);
  }

  /** We have the word: no time runs. */
  stop(): void {
    this.#wanted = false;
    if (this.#timer) clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** The connection is made; before that, waiting is not silence. */
  arm(): void {
    this.#armed = true;
    if (this.#wanted) this.start();
  }
}
