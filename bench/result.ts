import type { Costs, Figure } from './measure.ts';

/** One comparison. */
export interface Result {
  /** Such as `s3-small up`, as the goals name it. */
  readonly workload: string;
  readonly costs: Costs;
}

/** The middle of some numbers; the mean of the two middle ones when they are even in number. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (index: number): number => sorted[index] ?? Number.NaN;
  const half = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1 ? at(half) : (at(half - 1) + at(half)) / 2;
}

/** The middle of a contestant's figure. */
export function middle({ costs }: Result, name: string, figure: Figure): number {
  return median((costs[name] ?? []).map((cost) => cost[figure]));
}

/** The middle of the rounds' ratios of two contestants; undefined when one of them did not run. */
export function ratio({ costs }: Result, over: string, under: string, figure: Figure): number | undefined {
  const upper = costs[over];
  const lower = costs[under];
  if (!upper?.length || !lower?.length) return undefined;
  return median(upper.map((cost, round) => cost[figure] / (lower[round]?.[figure] ?? Number.NaN)));
}
