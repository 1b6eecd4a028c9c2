import { judgeAll } from './goals.ts';
import { middle, ratio, type Result } from './result.ts';

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

const times = (value: number | undefined): string => (value === undefined ? '–' : value.toFixed(2));

function figures(result: Result, name: string): string[] {
  return [
    result.workload,
    name,
    (middle(result, name, 'wallMs') / 1000).toFixed(2),
    (middle(result, name, 'cpuMs') / 1000).toFixed(2),
    (middle(result, name, 'peakBytes') / 1024 ** 2).toFixed(0),
    times(ratio(result, 'mlflow', name, 'wallMs')),
    times(ratio(result, name, 'rclone', 'wallMs')),
    times(ratio(result, name, 'rclone', 'cpuMs')),
  ];
}

/** What every contestant cost: medians, and medians of the rounds' ratios. */
export function figuresTable(results: readonly Result[]): string {
  return table(
    [
      ...['workload', 'command', 'wall s', 'CPU s', 'peak MiB'],
      ...['× faster than mlflow', 'wall / rclone', 'CPU / rclone'],
    ],
    results.flatMap((result) => Object.keys(result.costs).map((name) => figures(result, name))),
  );
}

/** What the results say of the goals. */
export function goalsTable(results: readonly Result[]): string {
  return table(
    ['workload', 'goal', 'measured', ''],
    results
      .flatMap(judgeAll)
      .map(({ workload, goal, found, met }) => [workload, goal, found, met ? 'met' : '**not met**']),
  );
}
