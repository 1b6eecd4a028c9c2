import type { Bench } from '../bench.ts';
import type { Result } from '../result.ts';

/** One set of comparisons. */
export interface Workload {
  /** One line. */
  readonly what: string;
  run(bench: Bench): Promise<readonly Result[]>;
}
