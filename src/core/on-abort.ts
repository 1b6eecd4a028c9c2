type Act = () => void;

/** Who waits for one signal: places in an array, and which of them are free. */
interface Waiting {
  readonly acts: (Act | undefined)[];
  readonly free: number[];
  readonly fire: () => void;
}

const waiting = new WeakMap<AbortSignal, Waiting>();

function waitingFor(signal: AbortSignal): Waiting {
  const acts: (Act | undefined)[] = [];
  const fire = () => {
    for (const act of acts) act?.();
  };
  const fresh = { acts, free: [], fire };
  waiting.set(signal, fresh);
  signal.addEventListener('abort', fire, { once: true });
  return fresh;
}

/**
 * Calls `act`, which never throws, when the signal aborts, unless what this returns was called before; never when it
 * aborted already. All who wait share one listener. The signal of a command sees many thousand requests, and what an
 * AbortSignal of Node (or a Set) lets go of still points to what came after it: dead requests would hold later ones
 * until a full garbage collection.
 */
export function onAbort(signal: AbortSignal, act: Act): () => void {
  const { acts, free, fire } = waiting.get(signal) ?? waitingFor(signal);
  const place = free.pop() ?? acts.length;
  acts[place] = act;
  return () => {
    if (acts[place] !== act) return;
    acts[place] = undefined;
    free.push(place);
    if (free.length < acts.length) return;
    // A signal that nobody listens to can be freed itself.
    signal.removeEventListener('abort', fire);
    waiting.delete(signal);
  };
}
