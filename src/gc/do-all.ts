import type { Clock } from '../core/clock.ts';
import type { Io } from '../core/io.ts';
import type { Job } from '../transfer/run/job.ts';
import { runJobs } from '../transfer/run/scheduler.ts';

/** How many things are done at once, and until when. */
export interface Doing {
  readonly width: number;
  readonly clock: Clock;
  readonly io: Io;
}

/** Does something with every item, many at once. @throws what the first that fails throws; the reason of an abort */
export async function doAll<T>(
  items: Iterable<T> | AsyncIterable<T>,
  work: (item: T) => Promise<void>,
  { width, clock, io }: Doing,
): Promise<void> {
  const jobs = async function* (): AsyncGenerator<Job> {
    for await (const item of items) {
      yield {
        kind: 'whole',
        run: () => work(item),
        failed: async (thrown) => {
          if (!io.signal.aborted) throw thrown;
        },
      };
    }
  };
  await runJobs(jobs(), { width, signal: io.signal, clock, ahead: width * 4 });
  if (io.signal.aborted) throw io.signal.reason;
}
