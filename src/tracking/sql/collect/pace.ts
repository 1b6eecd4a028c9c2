/** How long a transaction should take at most that keeps everybody else from writing, in ms. */
const LONG_MS = 200;
/** Rows that the first one takes. */
const FIRST = 10;
const MOST = 1000;

/** How many rows one transaction takes, by how long the last ones took. */
export interface Pace {
  readonly most: number;
  /** ms */
  took(ms: number): void;
}

/**
 * One row may cost a look through a whole table, which a foreign key without an index asks for
 * (`logged_model_metrics.run_id`), so that a hundred rows may take a millisecond or ten seconds.
 * @param alone whether everybody else waits for a transaction; else it takes what there is
 */
export function createPace(alone: boolean): Pace {
  let most = alone ? FIRST : Number.POSITIVE_INFINITY;
  return {
    get most() {
      return most;
    },
    took: (ms) => {
      if (!alone) return;
      if (ms > LONG_MS) most = Math.max(1, Math.floor(most / 2));
      else if (ms < LONG_MS / 4) most = Math.min(MOST, most * 2);
    },
  };
}
