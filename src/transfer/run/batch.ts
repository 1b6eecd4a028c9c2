import type { Job } from './job.ts';

/** A direction's way to move many files as one job, at a store where that is much cheaper. */
export interface InBulk<F> {
  /** The most files of one job. */
  readonly maxItems: number;
  /** Whether a file can go so; any other goes by itself. */
  takes(file: F): boolean;
  job(files: readonly F[]): Job;
}

/** Gathers the files of a plan until they are a job. */
export interface Batch<F> {
  /** Takes a file; gives a job once there are enough. */
  add(file: F): Job | undefined;
  /** What is left when the plan ended. */
  rest(): Job | undefined;
}

/** An empty batch; a file that stays alone goes by `alone`, which costs no more then. */
export function createBatch<F>(bulk: InBulk<F>, alone: (file: F) => Job | undefined): Batch<F> {
  let held: F[] = [];
  const job = (): Job | undefined => {
    const files = held;
    held = [];
    const [first] = files;
    if (first === undefined) return undefined;
    return files.length === 1 ? alone(first) : bulk.job(files);
  };
  return {
    add: (file) => (held.push(file) < bulk.maxItems ? undefined : job()),
    rest: job,
  };
}
