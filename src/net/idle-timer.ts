/** Watches for silence while the other side has the word. */
export interface IdleTimer {
  /** The other side has the word (again): the time starts anew. Before `arm` it only notes that it should run. */
  start(): void;
  /** We have the word: no time runs. */
  stop(): void;
  /** The connection is made; before that, waiting is not silence. */
  arm(): void;
}

/** Calls `expired` once when `ms` pass after a `start`; never when `ms` is undefined. */
export function idleTimer(ms: number | undefined, expired: () => void): IdleTimer {
  let armed = false;
  let wanted = false;
  let timer: NodeJS.Timeout | undefined;
  const stop = () => {
    wanted = false;
    clearTimeout(timer);
    timer = undefined;
  };
  const start = () => {
    wanted = true;
    if (!armed || ms === undefined) return;
    if (timer === undefined) timer = setTimeout(expired, ms);
    else timer.refresh();
  };
  return {
    start,
    stop,
    arm: () => {
      armed = true;
      if (wanted) start();
    },
  };
}
