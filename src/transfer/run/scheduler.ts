import { setMaxListeners } from 'node:events';
import { Failure } from '../../core/failure.ts';
import type { Clock } from '../../core/clock.ts';
import type { Job, OpenJob, PartedJob, WholeJob } from './job.ts';
import { Queue } from './queue.ts';

/** How jobs are run. */
export interface Schedule {
  /** Units (whole jobs, parts) under way at once. */
  readonly width: number;
  readonly signal: AbortSignal;
  readonly clock: Clock;
  /** Jobs taken from the source and not begun yet, at most. */
  readonly ahead?: number;
}

const AHEAD = 1_000;
/** Waits for open files: how long each, in ms, and how many before a unit fails for want of them. */
const WAIT_MS = 100;
const MOST_WAITS = 300;

type Side = 'whole' | 'parted';

/** One thing that takes a slot. */
interface Unit {
  readonly side: Side;
  waits: number;
  run(): Promise<void>;
  failed(thrown: unknown): Promise<void> | void;
}

/** A large job under way. */
interface OpenFile {
  readonly job: PartedJob;
  readonly open: OpenJob;
  readonly parts: Iterator<() => Promise<void>>;
  /** The part to be done next, where one is left. */
  next: (() => Promise<void>) | undefined;
  running: number;
  broken?: { readonly thrown: unknown };
}

/** No more files can be opened, by this process or on this machine. */
function isOutOfFiles(thrown: unknown): boolean {
  const code = thrown instanceof Failure ? thrown.facts.vendor?.code : (thrown as { code?: unknown }).code;
  return code === 'EMFILE' || code === 'ENFILE';
}

/**
 * Runs jobs, at most `width` units at once: whole jobs, and parts of large ones. While both wait, each side has half of
 * the slots, so that neither starves. A large job is opened only while fewer than `width` parts wait, so memory does not
 * grow with the number of jobs. A unit that finds no more files to open waits and is tried again, and the width shrinks.
 * A job that fails never stops the others; an abort of `signal` begins nothing more and gives up what is open.
 * @throws what the source of jobs fails with, after those that were given have ended
 */
export async function runJobs(jobs: AsyncIterable<Job>, schedule: Schedule): Promise<void> {
  const scheduler = new Scheduler(schedule);
  const stop = () => scheduler.stop();
  // One signal serves all units, so Node's warning at eleven listeners would be noise.
  setMaxListeners(0, schedule.signal);
  schedule.signal.addEventListener('abort', stop, { once: true });
  try {
    await scheduler.run(jobs);
  } finally {
    schedule.signal.removeEventListener('abort', stop);
  }
}

class Scheduler {
  readonly #schedule: Schedule;
  readonly #whole = new Queue<WholeJob>();
  readonly #large = new Queue<PartedJob>();
  /** Units that come first: finishes, and what waited for open files. */
  readonly #first = new Queue<Unit>();
  readonly #open = new Set<OpenFile>();
  readonly #running = { whole: 0, parted: 0 };
  #width: number;
  /** Units whose slot is free while they wait, and jobs that are being given up. */
  #pending = 0;
  #last: Side = 'parted';
  #stopped = false;
  #sourceEnded = false;
  #broken: { readonly thrown: unknown } | undefined;
  #bug: { readonly thrown: unknown } | undefined;
  #wake: () => void = () => undefined;
  #roomWaiters: (() => void)[] = [];

  constructor(schedule: Schedule) {
    this.#schedule = schedule;
    this.#width = Math.max(1, schedule.width);
    this.#stopped = schedule.signal.aborted;
  }

  async run(jobs: AsyncIterable<Job>): Promise<void> {
    const pulled = this.#pull(jobs).catch((thrown: unknown) => {
      this.#broken = { thrown };
    });
    void pulled.then(() => {
      this.#sourceEnded = true;
      this.#wake();
    });
    for (;;) {
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      this.#fill();
      if (this.#isOver()) break;
      await woken;
    }
    if (this.#bug) throw this.#bug.thrown;
    if (this.#broken) throw this.#broken.thrown;
  }

  stop(): void {
    this.#stopped = true;
    this.#whole.clear();
    this.#large.clear();
    const { reason } = this.#schedule.signal as { reason: unknown };
    for (let unit = this.#first.shift(); unit; unit = this.#first.shift())
      this.#watch(this.#fail(unit, reason));
    for (const file of this.#open) {
      file.broken ??= { thrown: reason };
      this.#endIfIdle(file);
    }
    this.#wake();
  }

  async #pull(jobs: AsyncIterable<Job>): Promise<void> {
    const { ahead = AHEAD } = this.#schedule;
    for await (const job of jobs) {
      if (this.#stopped) return;
      if (job.kind === 'whole') this.#whole.push(job);
      else this.#large.push(job);
      this.#wake();
      while (this.#whole.size + this.#large.size >= ahead && this.#mayPull()) await this.#room();
    }
  }

  #mayPull(): boolean {
    return !this.#stopped;
  }

  async #room(): Promise<void> {
    await new Promise<void>((resolve) => this.#roomWaiters.push(resolve));
  }

  #isOver(): boolean {
    const idle = this.#active() === 0 && this.#pending === 0;
    if (this.#stopped) return idle && this.#open.size === 0 && this.#sourceEnded;
    const queued = this.#whole.size + this.#large.size + this.#first.size + this.#open.size;
    return idle && this.#sourceEnded && queued === 0;
  }

  #active(): number {
    return this.#running.whole + this.#running.parted;
  }

  #fill(): void {
    while (!this.#stopped && this.#active() < this.#width) {
      const unit = this.#choose();
      if (!unit) break;
      this.#start(unit);
    }
    const waiters = this.#roomWaiters;
    this.#roomWaiters = [];
    for (const go of waiters) go();
  }

  /** The side with fewer slots goes first; with as many, the one that did not go last. */
  #choose(): Unit | undefined {
    const first = this.#first.shift();
    if (first) return first;
    const { whole, parted } = this.#running;
    const other: Side = this.#last === 'whole' ? 'parted' : 'whole';
    const side: Side = whole === parted ? other : whole < parted ? 'whole' : 'parted';
    const unit =
      side === 'whole'
        ? (this.#takeWhole() ?? this.#takeParted())
        : (this.#takeParted() ?? this.#takeWhole());
    if (unit) this.#last = unit.side;
    return unit;
  }

  #takeWhole(): Unit | undefined {
    const job = this.#whole.shift();
    return (
      job && { side: 'whole', waits: 0, run: async () => job.run(), failed: (thrown) => job.failed(thrown) }
    );
  }

  #takeParted(): Unit | undefined {
    const waiting = [...this.#open].filter(({ next, running, open, broken }) => {
      return next !== undefined && !broken && running < open.atOnce;
    });
    const ready = waiting.reduce((sum, { open, running }) => sum + open.atOnce - running, 0);
    if (ready < this.#width && this.#open.size < this.#width) {
      const job = this.#large.shift();
      if (job) return this.#opening(job);
    }
    const [file] = waiting;
    return file && this.#part(file);
  }

  #opening(job: PartedJob): Unit {
    return {
      side: 'parted',
      waits: 0,
      run: async () => {
        const open = await job.open();
        const parts = open.parts[Symbol.iterator]();
        const file: OpenFile = { job, open, parts, next: nextOf(parts), running: 0 };
        this.#open.add(file);
        if (this.#stopped) file.broken = { thrown: this.#schedule.signal.reason as unknown };
        this.#endIfIdle(file);
      },
      failed: (thrown) => job.failed(thrown),
    };
  }

  #part(file: OpenFile): Unit | undefined {
    const work = file.next;
    if (!work) return undefined;
    file.next = nextOf(file.parts);
    file.running += 1;
    return {
      side: 'parted',
      waits: 0,
      run: async () => {
        await work();
        file.running -= 1;
        this.#endIfIdle(file);
      },
      failed: (thrown) => {
        file.running -= 1;
        file.broken ??= { thrown };
        this.#endIfIdle(file);
      },
    };
  }

  /** Finishes or gives up a large job that has nothing under way any more. */
  #endIfIdle(file: OpenFile): void {
    if (file.running > 0 || !this.#open.has(file)) return;
    if (file.broken) this.#giveUp(file, file.broken.thrown);
    else if (!file.next) {
      file.running += 1;
      this.#first.push({
        side: 'parted',
        waits: 0,
        run: async () => {
          await file.open.finish();
          this.#open.delete(file);
        },
        failed: (thrown) => {
          file.running -= 1;
          file.broken = { thrown };
          this.#endIfIdle(file);
        },
      });
    }
  }

  #giveUp(file: OpenFile, thrown: unknown): void {
    this.#open.delete(file);
    const settle = async (): Promise<void> => {
      const end = await file.open.giveUp(thrown);
      if (end === 'again' && !this.#stopped) this.#large.push(file.job);
      else await file.job.failed(thrown);
    };
    this.#watch(settle());
  }

  async #fail(unit: Unit, thrown: unknown): Promise<void> {
    await unit.failed(thrown);
  }

  /** What a job throws where it must not is thrown by `run`. */
  #watch(work: Promise<void>): void {
    this.#pending += 1;
    const settled = (): void => {
      this.#pending -= 1;
      this.#wake();
    };
    work.then(settled, (thrown: unknown) => {
      this.#bug ??= { thrown };
      settled();
    });
  }

  #start(unit: Unit): void {
    this.#running[unit.side] += 1;
    const width = this.#width;
    const settle = async (): Promise<void> => {
      try {
        await unit.run();
      } catch (thrown) {
        if (!this.#stopped && isOutOfFiles(thrown) && unit.waits < MOST_WAITS) this.#later(unit, width);
        else await unit.failed(thrown);
      }
    };
    this.#watch(
      settle().finally(() => {
        this.#running[unit.side] -= 1;
      }),
    );
  }

  /** Tries a unit again when some files have been closed; what began at the same width narrows it once. */
  #later(unit: Unit, startedAt: number): void {
    if (startedAt === this.#width) this.#width = Math.max(1, Math.floor(this.#width / 2));
    unit.waits += 1;
    const { clock, signal } = this.#schedule;
    const again = async (): Promise<void> => {
      await clock.sleep(WAIT_MS, signal).catch(() => undefined);
      if (this.#stopped) await unit.failed(signal.reason);
      else this.#first.push(unit);
    };
    this.#watch(again());
  }
}

function nextOf(parts: Iterator<() => Promise<void>>): (() => Promise<void>) | undefined {
  const next = parts.next();
  return next.done === true ? undefined : next.value;
}
