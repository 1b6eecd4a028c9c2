import { ACTIONS, KINDS, type Tally } from './tally.ts';

/** What a run of gc is measured by. */
export interface Measured {
  readonly tally: Tally;
  /** ms since the epoch */
  readonly finished: number;
  /** ms */
  readonly took: number;
  readonly exitCode: number;
}

function* gauge(name: string, help: string, samples: readonly string[]): Generator<string> {
  yield `# HELP ${name} ${help}\n`;
  yield `# TYPE ${name} gauge\n`;
  for (const sample of samples) yield `${name}${sample}\n`;
}

/**
 * Lines for the node exporter's textfile collector.
 * @see https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
 */
export function* metricsLines({ tally, finished, took, exitCode }: Measured): Generator<string> {
  const items = ACTIONS.flatMap((action) =>
    KINDS.map((kind) => `{kind="${kind}",action="${action}"} ${tally.counts[action][kind]}`),
  );
  yield* gauge('mlstow_gc_items', 'What the last gc looked at, by what became of it.', items);
  yield* gauge('mlstow_gc_objects_deleted', 'Objects that the last gc removed.', [` ${tally.objects}`]);
  yield* gauge('mlstow_gc_bytes_deleted', 'Bytes of the objects that the last gc removed.', [
    ` ${tally.bytes}`,
  ]);
  yield* gauge('mlstow_gc_bytes_not_freed', 'Bytes of those that buckets keep as older versions.', [
    ` ${tally.notFreed}`,
  ]);
  yield* gauge('mlstow_gc_duration_seconds', 'How long the last gc took.', [` ${took / 1000}`]);
  yield* gauge('mlstow_gc_exit_code', 'How the last gc ended.', [` ${exitCode}`]);
  yield* gauge('mlstow_gc_last_run_timestamp_seconds', 'When the last gc ended.', [` ${finished / 1000}`]);
}
