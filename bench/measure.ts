import { spawn } from 'node:child_process';
import { mlflowPython } from '../test/testbeds/mlflow.ts';

/** What one run of a command cost. */
export interface Cost {
  readonly wallMs: number;
  /** User and system time of the process and its children, in ms. */
  readonly cpuMs: number;
  /** Peak resident memory of the largest of its processes, in bytes. */
  readonly peakBytes: number;
}

/** One of `Cost`'s figures. */
export type Figure = keyof Cost;

/** A command to be measured. */
export interface Contestant {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
  /** The whole environment. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** Makes ready what the command works on; not measured. */
  before?(): Promise<void>;
  /** Checks and undoes what the command did; not measured. @throws Error when it did not do its work */
  after?(): Promise<void>;
}

/** Runs its arguments once and prints wall seconds, CPU seconds, peak KiB and the exit code: only `wait4` knows all of them. */
const WAIT4 = `
import json, os, sys, time
log = sys.argv[1]
begin = time.perf_counter()
pid = os.posix_spawnp(sys.argv[2], sys.argv[2:], os.environ,
  file_actions=[(os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
    (os.POSIX_SPAWN_OPEN, 2, log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)])
_, status, usage = os.wait4(pid, 0)
wall = time.perf_counter() - begin
tail = open(log, errors="replace").read()[-2000:]
print(json.dumps([wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, os.waitstatus_to_exitcode(status), tail]))
`;

type Told = readonly [wall: number, cpu: number, peakKib: number, code: number, stderr: string];

/** Runs a command once, its result thrown away. @throws Error with the end of its stderr when it fails */
export async function measure(contestant: Contestant): Promise<Cost> {
  const { name, file, args, env, cwd } = contestant;
  const child = spawn(await mlflowPython(), ['-c', WAIT4, `${cwd}/stderr`, file, ...args], {
    env,
    cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  for await (const chunk of child.stdout) text += String(chunk);
  if (text === '') throw new Error(`${name}: ${file} could not be run`);
  const [wall, cpu, peakKib, code, stderr] = JSON.parse(text) as Told;
  if (code !== 0) throw new Error(`${name}: ${[file, ...args].join(' ')} ended with ${code}\n${stderr}`);
  return { wallMs: wall * 1000, cpuMs: cpu * 1000, peakBytes: peakKib * 1024 };
}

/** What every contestant cost, round by round. */
export type Costs = Readonly<Record<string, readonly Cost[]>>;

/** How often contestants run. */
export interface Rounds {
  readonly pairs: number;
  /** Rounds that do not count, run first. */
  readonly warmUp: number;
  /** Told each finished run. */
  told(name: string, cost: Cost): void;
}

/** Runs the contestants in turn, so that other load falls on all alike. */
export async function race(contestants: readonly Contestant[], rounds: Rounds): Promise<Costs> {
  const costs = new Map<string, Cost[]>(contestants.map(({ name }) => [name, []]));
  for (let round = -rounds.warmUp; round < rounds.pairs; round += 1) {
    for (const contestant of contestants) {
      await contestant.before?.();
      const cost = await measure(contestant);
      await contestant.after?.();
      if (round < 0) continue;
      costs.get(contestant.name)?.push(cost);
      rounds.told(contestant.name, cost);
    }
  }
  return Object.fromEntries(costs);
}
