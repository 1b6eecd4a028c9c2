import { describe, expect, it } from 'vitest';
import { Failure } from '../../../../src/core/failure.ts';
import type { Job, PartedJob, WholeJob } from '../../../../src/transfer/run/job.ts';
import { runJobs, type Schedule } from '../../../../src/transfer/run/scheduler.ts';
import { manualClock } from './manual-clock.ts';

const tick = async (): Promise<void> => new Promise(setImmediate);

/** Work whose units end only when they are told to, so that the order is the scheduler's alone. */
class Bench {
  readonly log: string[] = [];
  running = 0;
  most = 0;
  opened = 0;
  mostOpened = 0;

  async unit(name: string, ticks: number): Promise<void> {
    this.running += 1;
    this.most = Math.max(this.most, this.running);
    this.log.push(name);
    for (let i = 0; i < ticks; i += 1) await tick();
    this.running -= 1;
  }

  small(name: string, ticks = 1): WholeJob {
    return {
      kind: 'whole',
      run: async () => this.unit(name, ticks),
      failed: (thrown) => this.fail(name, thrown),
    };
  }

  large(
    name: string,
    parts: number,
    more: { ticks?: number; atOnce?: number; again?: number; breakAt?: number } = {},
  ): PartedJob {
    let again = more.again ?? 0;
    return {
      kind: 'parted',
      open: async () => {
        this.opened += 1;
        this.mostOpened = Math.max(this.mostOpened, this.opened);
        return {
          atOnce: more.atOnce ?? 64,
          parts: Array.from({ length: parts }, (_, i) => async () => {
            await this.unit(`${name}.${i}`, more.ticks ?? 10);
            if (i === more.breakAt) throw new Error(`${name}.${i} broke`);
          }),
          finish: async () => {
            this.opened -= 1;
            this.log.push(`${name} finished`);
          },
          giveUp: async () => {
            this.opened -= 1;
            this.log.push(`${name} given up`);
            again -= 1;
            return again >= 0 ? 'again' : 'failed';
          },
        };
      },
      failed: (thrown) => this.fail(name, thrown),
    };
  }

  fail(name: string, thrown: unknown): void {
    this.log.push(`${name} failed: ${(thrown as Error).message}`);
  }
}

async function* given(jobs: readonly Job[]): AsyncGenerator<Job> {
  yield* jobs;
}

const schedule = (width: number, more: Partial<Schedule> = {}): Schedule => ({
  ...{ width, clock: manualClock(), signal: new AbortController().signal },
  ...more,
});

const many = (count: number, make: (i: number) => Job): Job[] =>
  Array.from({ length: count }, (_, i) => make(i));

describe('a scheduler', () => {
  it('runs every job once, never more units than the width', async () => {
    const bench = new Bench();
    const jobs = many(50, (i) => (i % 10 === 0 ? bench.large(`L${i}`, 3) : bench.small(`s${i}`)));
    await runJobs(given(jobs), schedule(4));
    expect(bench.most).toBe(4);
    expect(new Set(bench.log).size).toBe(bench.log.length);
    expect(bench.log).toHaveLength(45 + 5 * 4);
    const none = new Bench();
    await runJobs(given([none.small('one')]), schedule(0));
    expect(none.log).toEqual(['one']);
  });

  it('lets neither small files nor parts of large ones starve', async () => {
    const bench = new Bench();
    const jobs = [
      ...many(4, (i) => bench.large(`L${i}`, 20, { ticks: 10 })),
      ...many(400, (i) => bench.small(`s${i}`, 1)),
    ];
    await runJobs(given(jobs), schedule(8));
    const half = bench.log.slice(
      0,
      bench.log.findIndex((each) => each === 's399'),
    );
    const parts = half.filter((each) => /^L\d\.\d+$/.test(each)).length;
    // Small files are ten times as quick, so while 400 of them pass in four slots, about 40 parts do in the other four.
    expect(parts).toBeGreaterThan(20);
    expect(parts).toBeLessThan(80);
    const later = new Bench();
    await runJobs(
      given([...many(400, (i) => later.small(`s${i}`, 1)), later.large('L', 4)]),
      schedule(8, { ahead: 1000 }),
    );
    expect(later.log.indexOf('L.0')).toBeLessThan(200);
  });

  it('gives all slots to the side that is alone', async () => {
    const bench = new Bench();
    await runJobs(given([bench.large('L', 40)]), schedule(8));
    expect(bench.most).toBe(8);
    const one = new Bench();
    await runJobs(given([one.large('L', 5, { atOnce: 1 })]), schedule(8));
    expect(one.most).toBe(1);
    expect(one.log.slice(0, 5)).toEqual(['L.0', 'L.1', 'L.2', 'L.3', 'L.4']);
  });

  it('opens few large files at once, and takes few jobs ahead, however many there are', async () => {
    const bench = new Bench();
    let taken = 0;
    const jobs = async function* (): AsyncGenerator<Job> {
      for (let i = 0; i < 300; i += 1) {
        taken += 1;
        expect(taken - bench.log.filter((each) => each.endsWith('finished')).length).toBeLessThan(40);
        yield bench.large(`L${i}`, 4);
        await tick();
      }
    };
    await runJobs(jobs(), schedule(4, { ahead: 20 }));
    expect(bench.mostOpened).toBeLessThanOrEqual(5);
    expect(bench.log.filter((each) => each.endsWith('finished'))).toHaveLength(300);
  });

  it('gives up a large job whose part fails, once, after its other parts, and goes on with the rest', async () => {
    const bench = new Bench();
    const jobs = [bench.large('L', 30, { breakAt: 2 }), bench.small('s'), bench.large('M', 2)];
    await runJobs(given(jobs), schedule(4));
    expect(bench.log.filter((each) => each.startsWith('L ')).sort()).toEqual([
      'L failed: L.2 broke',
      'L given up',
    ]);
    expect(bench.log.filter((each) => /^L\.\d/.test(each)).length).toBeLessThan(12);
    expect(bench.log).toContain('M finished');
    expect(bench.log).toContain('s');
  });

  it('opens a large job anew when it asks for that', async () => {
    const bench = new Bench();
    await runJobs(given([bench.large('L', 2, { breakAt: 1, again: 2 })]), schedule(2));
    expect(bench.log.filter((each) => each === 'L given up')).toHaveLength(3);
    expect(bench.log.filter((each) => each.startsWith('L failed'))).toHaveLength(1);
  });

  it('begins nothing more once it is stopped, and gives up what is open', async () => {
    const bench = new Bench();
    const controller = new AbortController();
    let closed = false;
    const jobs = async function* (): AsyncGenerator<Job> {
      try {
        yield bench.large('L', 100);
        for (let i = 0; i < 100; i += 1) {
          yield bench.small(`s${i}`);
          await tick();
          if (i === 20) controller.abort(new Error('stop'));
        }
      } finally {
        closed = true;
      }
    };
    await runJobs(jobs(), schedule(4, { signal: controller.signal }));
    expect(closed).toBe(true);
    expect(bench.log.filter((each) => each.startsWith('s')).length).toBeLessThan(25);
    expect(bench.log).toContain('L given up');
    expect(bench.log).not.toContain('L finished');
    expect(bench.running).toBe(0);
  });

  it('ends with what the source of jobs fails with, after what it gave', async () => {
    const bench = new Bench();
    const jobs = async function* (): AsyncGenerator<Job> {
      yield bench.small('a', 5);
      yield bench.large('L', 2);
      throw new Error('the listing broke');
    };
    await expect(runJobs(jobs(), schedule(1))).rejects.toThrow('the listing broke');
    expect(bench.log).toEqual(expect.arrayContaining(['a', 'L finished']));
  });

  it('does not hide what a job throws where it must not', async () => {
    const bad: WholeJob = {
      kind: 'whole',
      run: async () => Promise.reject(new Error('first')),
      failed: () => {
        throw new Error('a bug');
      },
    };
    await expect(runJobs(given([bad]), schedule(2))).rejects.toThrow('a bug');
  });
});

describe('a scheduler without files left to open', () => {
  const outOfFiles = () =>
    new Failure({ kind: 'unavailable', message: 'too many', subject: 'x', vendor: { code: 'EMFILE' } });

  it('waits, does less at once, and loses nothing', async () => {
    const clock = manualClock();
    const limit = 3;
    let [open, most, refused] = [0, 0, 0];
    const done = new Set<number>();
    const jobs = many(60, (i) => ({
      kind: 'whole',
      run: async () => {
        if (open >= limit) {
          refused += 1;
          throw outOfFiles();
        }
        open += 1;
        most = Math.max(most, open);
        await tick();
        open -= 1;
        done.add(i);
      },
      failed: (thrown) => {
        throw thrown as Error;
      },
    }));
    await runJobs(given(jobs), schedule(16, { clock }));
    expect([done.size, most]).toEqual([60, 3]);
    expect(refused).toBeLessThan(30);
    expect(clock.waits.length).toBe(refused);
  });

  it('fails in the end when none is ever closed', async () => {
    const told: unknown[] = [];
    const never: WholeJob = {
      kind: 'whole',
      run: async () => Promise.reject(outOfFiles()),
      failed: (thrown) => void told.push(thrown),
    };
    await runJobs(given([never]), schedule(4));
    expect((told[0] as Failure).facts.vendor?.code).toBe('EMFILE');
  });
});
