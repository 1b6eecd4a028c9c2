import { Failure } from '../../core/failure.ts';
import { onAbort } from '../../core/on-abort.ts';

/** How an operation ended, as far as the gate cares. */
export type Outcome = 'ok' | 'throttled' | 'failed';

/** Permits of one backend. */
export interface Gate {
  /** How many may be inside now: halved when the backend throttles, widened again one by one while all goes well. */
  readonly width: number;
  /**
   * Waits for a permit, in order of arrival. The permit is given back by calling what this resolves to.
   * @throws Failure cancelled, or the signal's own Failure
   */
  enter(signal: AbortSignal): Promise<(outcome: Outcome) => void>;
}

/** A gate that is `widest` wide at first and at most. */
export function createGate(widest: number): Gate {
  const waiting = new Set<() => void>();
  let width = Math.max(1, widest);
  let inside = 0;
  let good = 0;
  let era = 0;

  const admit = () => {
    for (const go of waiting) {
      if (inside >= width) return;
      waiting.delete(go);
      inside += 1;
      go();
    }
  };
  const judge = (outcome: Outcome, enteredIn: number) => {
    // What entered before the last narrowing tells nothing about the width since.
    if (enteredIn !== era) return;
    if (outcome === 'throttled') {
      width = Math.max(1, Math.floor(width / 2));
      era += 1;
      good = 0;
    } else if (outcome === 'ok') {
      good += 1;
      if (good >= width && width < widest) {
        width += 1;
        good = 0;
      }
    }
  };
  const leaveOnce = (): ((outcome: Outcome) => void) => {
    const enteredIn = era;
    let left = false;
    return (outcome) => {
      if (left) return;
      left = true;
      inside -= 1;
      judge(outcome, enteredIn);
      admit();
    };
  };
  return {
    get width() {
      return width;
    },
    enter: async (signal) => {
      await turn(signal, waiting, admit);
      return leaveOnce();
    },
  };
}

async function turn(signal: AbortSignal, waiting: Set<() => void>, admit: () => void): Promise<void> {
  if (signal.aborted) throw stopped(signal);
  await new Promise<void>((resolve, reject) => {
    const go = () => {
      leave();
      resolve();
    };
    const leave = onAbort(signal, () => {
      waiting.delete(go);
      reject(stopped(signal));
    });
    waiting.add(go);
    admit();
  });
}

function stopped(signal: AbortSignal): Failure {
  if (signal.reason instanceof Failure) return signal.reason;
  return new Failure({ kind: 'cancelled', message: 'stopped while waiting for a connection', subject: '' });
}
