import type { Figure } from './measure.ts';
import { middle, ratio, type Result } from './result.ts';

/** What a result should show. */
type Goal =
  /** The peer's figure is at least so many times ours. */
  | { readonly peer: string; readonly figure: Figure; readonly atLeast: number }
  /** Our figure is at most so many times the peer's. */
  | { readonly peer: string; readonly figure: Figure; readonly atMost: number }
  /** Our wall time. */
  | { readonly figure: 'wallMs'; readonly atMostMs: number }
  /** Our peak memory in bytes. */
  | { readonly figure: 'peakBytes'; readonly atMostBytes: number };

const MIB = 1024 ** 2;

const faster = (than: string, atLeast: number): Goal => ({ peer: than, figure: 'wallMs', atLeast });
const lighter = (than: string, atLeast: number): Goal => ({ peer: than, figure: 'cpuMs', atLeast });
const within = (peer: string, atMost: number, figure: Figure = 'wallMs'): Goal => ({ peer, figure, atMost });

const START_UP = [faster('mlflow', 25), within('node', 1.4), within('rclone', 1)];
const PROXIED = [faster('mlflow', 1), lighter('mlflow', 5)];
const SMALL = [within('rclone', 1), within('rclone', 1, 'cpuMs')];

/** The goals of a workload; those of memory hold for all that move bytes. */
const GOALS: Readonly<Record<string, readonly Goal[]>> = {
  'start-up --version': START_UP,
  'start-up artifacts --help': START_UP,
  's3-small up': [faster('mlflow', 20), ...SMALL],
  's3-small down': [faster('mlflow', 30), ...SMALL],
  's3-medium up': [faster('mlflow', 4), within('rclone', 1)],
  's3-medium down': [faster('mlflow', 4), within('rclone', 1.5)],
  's3-large up': [faster('mlflow', 2.5), within('rclone', 0.7)],
  's3-large down': [faster('mlflow', 3), within('rclone', 1.3)],
  's3-delete': [faster('mlflow', 6), within('rclone', 1)],
  'gc-s3': [faster('mlflow', 20)],
  'gc-rows': [faster('mlflow', 20)],
  'gc-plan': [{ figure: 'wallMs', atMostMs: 60_000 }],
  'proxied-small up': PROXIED,
  'proxied-small down': PROXIED,
  'proxied-large up': PROXIED,
  'proxied-large down': PROXIED,
};

const MEMORY: readonly Goal[] = [
  { figure: 'peakBytes', atMostBytes: 256 * MIB },
  within('rclone', 1, 'peakBytes'),
];

const WORDS: Readonly<Record<Figure, string>> = { wallMs: 'wall', cpuMs: 'CPU', peakBytes: 'peak memory' };

/** A goal, what was measured, and whether that meets it. */
export interface Verdict {
  readonly workload: string;
  readonly goal: string;
  readonly found: string;
  readonly met: boolean;
}

function judge(result: Result, goal: Goal, ours: string): Verdict | undefined {
  const { workload } = result;
  const what = WORDS[goal.figure];
  if ('atMostBytes' in goal) {
    const bytes = middle(result, ours, goal.figure);
    const [limit, found] = [goal.atMostBytes, bytes].map((each) => `${(each / MIB).toFixed(0)} MiB`);
    return { workload, goal: `${what} ≤ ${limit}`, found: found ?? '', met: bytes <= goal.atMostBytes };
  }
  if ('atMostMs' in goal) {
    const ms = middle(result, ours, goal.figure);
    const [limit, found] = [goal.atMostMs, ms].map((each) => `${(each / 1000).toFixed(1)} s`);
    return { workload, goal: `${what} ≤ ${limit}`, found: found ?? '', met: ms <= goal.atMostMs };
  }
  if ('atLeast' in goal) {
    const times = ratio(result, goal.peer, ours, goal.figure);
    if (times === undefined) return undefined;
    const words = `${what} of ${goal.peer} ≥ ${goal.atLeast} × ours`;
    return { workload, goal: words, found: times.toFixed(2), met: times >= goal.atLeast };
  }
  const times = ratio(result, ours, goal.peer, goal.figure);
  if (times === undefined) return undefined;
  const words = `${what} ≤ ${goal.atMost} × ${goal.peer}`;
  return { workload, goal: words, found: times.toFixed(2), met: times <= goal.atMost };
}

/** What a result says of the goals that are set for its workload; of goals beside a peer that did not run, nothing. */
export function judgeAll(result: Result): readonly Verdict[] {
  const moves = !result.workload.startsWith('start-up');
  const goals = [...(GOALS[result.workload] ?? []), ...(moves ? MEMORY : [])];
  return goals.flatMap((goal) => judge(result, goal, 'mlstow') ?? []);
}
