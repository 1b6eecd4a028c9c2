import { redactUri } from '../../../core/redact.ts';
import type { Run } from '../../../tracking/entities.ts';
import { pythonFloat } from '../../render/python.ts';

const INFO = ['run_id', 'experiment_id', 'status', 'artifact_uri', 'start_time', 'end_time'] as const;

/** The columns of the table of runs that `mlflow.search_runs` gives, in its order; each group as first met. */
export class Columns {
  readonly #metrics = new Set<string>();
  readonly #params = new Set<string>();
  readonly #tags = new Set<string>();
  readonly #withFractions = new Set<string>();

  /** Adds the keys that this run has and no run before it had. */
  add(run: Run): void {
    for (const { key } of run.metrics) this.#metrics.add(key);
    for (const key of Object.keys(run.params)) this.#params.add(key);
    for (const key of Object.keys(run.tags)) this.#tags.add(key);
    if (hasFraction(run.info.startTime)) this.#withFractions.add('start_time');
    if (hasFraction(run.info.endTime)) this.#withFractions.add('end_time');
  }

  /** The columns of times in which pandas shows milliseconds: all of a column, when one of its times has any. */
  get withFractions(): ReadonlySet<string> {
    return this.#withFractions;
  }

  get names(): readonly string[] {
    return [
      ...INFO,
      ...Array.from(this.#metrics, (key) => `metrics.${key}`),
      ...Array.from(this.#params, (key) => `params.${key}`),
      ...Array.from(this.#tags, (key) => `tags.${key}`),
    ];
  }
}

function hasFraction(time: number | undefined): boolean {
  return time !== undefined && time % 1000 !== 0;
}

/** A time as pandas 3 writes it: `2026-03-01 14:05:09.123+00:00`; empty when unknown. */
function timestamp(time: number | undefined, fraction: boolean): string {
  if (time === undefined) return '';
  const [day = '', clock = ''] = new Date(time).toISOString().replace('Z', '').split('T');
  return `${day} ${fraction ? clock : clock.replace(/\.\d+$/, '')}+00:00`;
}

/** A metric as pandas writes it: missing and NaN are empty. */
function metric(value: number): string {
  if (Number.isNaN(value)) return '';
  if (!Number.isFinite(value)) return value < 0 ? '-inf' : 'inf';
  return pythonFloat(value);
}

/** A run's cells by column name, as text. */
export type Cells = Readonly<Record<string, string>>;

/** A run's cells; `withFractions` names the columns of times that show milliseconds. */
export function runCells(run: Run, withFractions: ReadonlySet<string>): Cells {
  const { info } = run;
  return Object.fromEntries([
    ['run_id', info.runId],
    ['experiment_id', info.experimentId],
    ['status', info.status],
    ['artifact_uri', redactUri(info.artifactUri)],
    ['start_time', timestamp(info.startTime, withFractions.has('start_time'))],
    ['end_time', timestamp(info.endTime, withFractions.has('end_time'))],
    ...run.metrics.map(({ key, value }) => [`metrics.${key}`, metric(value)] as const),
    ...Object.entries(run.params).map(([key, value]) => [`params.${key}`, value] as const),
    ...Object.entries(run.tags).map(([key, value]) => [`tags.${key}`, value] as const),
  ]);
}
