import { spawn } from 'node:child_process';
import { mlflowPython } from '../test/testbeds/mlflow.ts';

/** What one run of a command cost. */
export interface Cost {
  readonly wallMs: number;
  /** User and system time of the process and its children, in ms. */
  readonly cpuMs: number;
  /** Peak resident memory, in bytes. */
  readonly peakBytes: number;
}

/** A command to be measured. */
export interface Contestant {
  readonly name: string;
  readonly file: string;
  readonly args: readonly string[];
}

/** Runs its arguments once and prints wall seconds, CPU seconds, peak KiB and the exit code: only `wait4` knows all of them. */
const WAIT4 = `
import json, os, sys, time
begin = time.perf_counter()
pid = os.posix_spawnp(sys.argv[1], sys.argv[1:], os.environ,
  file_actions=[(os.POSIX_SPAWN_OPEN, fd, os.devnull, os.O_WRONLY, 0) for fd in (1, 2)])
_, status, usage = os.wait4(pid, 0)
wall = time.perf_counter() - begin
print(json.dumps([wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, os.waitstatus_to_exitcode(status)]))
`;

/** Runs a command once, its output thrown away. @throws Error when it fails */
export async function measure(
  contestant: Contestant,
  place: { readonly env: Readonly<Record<string, string>>; readonly cwd: string },
): Promise<Cost> {
  const child = spawn(await mlflowPython(), ['-c', WAIT4, contestant.file, ...contestant.args], {
    env: place.env,
    cwd: place.cwd,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  for await (const chunk of child.stdout) text += String(chunk);
  const [wall = 0, cpu = 0, peakKib = 0, code = 1] = JSON.parse(text) as number[];
  if (code !== 0)
    throw new Error(
      `${contestant.name}: ${[contestant.file, ...contestant.args].join(' ')} ended with ${code}`,
    );
  return { wallMs: wall * 1000, cpuMs: cpu * 1000, peakBytes: peakKib * 1024 };
}

/** The middle of the costs, each figure for itself. */
export function median(costs: readonly Cost[]): Cost {
  const middle = (pick: (cost: Cost) => number): number => {
    const sorted = costs.map(pick).sort((a, b) => a - b);
    return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  };
  return {
    wallMs: middle((c) => c.wallMs),
    cpuMs: middle((c) => c.cpuMs),
    peakBytes: middle((c) => c.peakBytes),
  };
}

/** Runs the contestants in turn, `rounds` times after one warm-up, so that other load falls on all alike. */
export async function race(
  contestants: readonly Contestant[],
  rounds: number,
  place: { readonly env: Readonly<Record<string, string>>; readonly cwd: string },
): Promise<ReadonlyMap<string, Cost>> {
  const costs = new Map<string, Cost[]>(contestants.map(({ name }) => [name, []]));
  for (let round = 0; round <= rounds; round += 1) {
    for (const contestant of contestants) {
      const cost = await measure(contestant, place);
      if (round > 0) costs.get(contestant.name)?.push(cost);
    }
  }
  return new Map([...costs].map(([name, all]) => [name, median(all)]));
}
