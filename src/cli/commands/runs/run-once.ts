import type { Clock } from '../../../core/clock.ts';
import type { Io } from '../../../core/io.ts';
import type { RunInfo } from '../../../tracking/entities.ts';
import type { NewRun, TrackingStore } from '../../../tracking/store.ts';
import { IDEMPOTENCY_TAG } from './idempotency-key.ts';

/** A run, and whether this call made it. */
export interface RunOnce {
  readonly run: RunInfo;
  readonly created: boolean;
}

/** The earlier start stays; of two at the same moment the lower id. Every caller decides alike. */
function byPrecedence(a: RunInfo, b: RunInfo): number {
  const difference = (a.startTime ?? 0) - (b.startTime ?? 0);
  if (difference !== 0) return difference;
  return a.runId < b.runId ? -1 : 1;
}

async function firstWith(
  key: string,
  experimentId: string,
  tracking: TrackingStore,
  io: Io,
): Promise<RunInfo | undefined> {
  const search = {
    experimentIds: [experimentId],
    view: 'active_only',
    tag: { key: IDEMPOTENCY_TAG, value: key },
  } as const;
  let first: RunInfo | undefined;
  for await (const page of tracking.runs.search(search, io)) {
    for (const { info } of page) if (!first || byPrecedence(info, first) < 0) first = info;
  }
  return first;
}

/**
 * The run that carries this key in the experiment, or a new one. Deleted runs do not count. No tracking store does this
 * atomically: after creating it looks again, and when another caller's run comes first, it deletes its own.
 * @throws Failure as the store
 */
export async function createOnce(
  key: string,
  wanted: Omit<NewRun, 'startTime'>,
  tracking: TrackingStore,
  clock: Clock,
  io: Io,
): Promise<RunOnce> {
  const found = await firstWith(key, wanted.experimentId, tracking, io);
  if (found) return { run: found, created: false };
  const tags = { ...wanted.tags, [IDEMPOTENCY_TAG]: key };
  const own = await tracking.runs.create({ ...wanted, tags, startTime: clock.now() }, io);
  const first = await firstWith(key, wanted.experimentId, tracking, io);
  if (!first || first.runId === own.runId || byPrecedence(own, first) < 0) return { run: own, created: true };
  await tracking.runs.delete(own.runId, io);
  return { run: first, created: false };
}
