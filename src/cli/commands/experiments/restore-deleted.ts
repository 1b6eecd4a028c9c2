import type { Io } from '../../../core/io.ts';
import type { Experiment, Run } from '../../../tracking/entities.ts';
import type { TrackingStore } from '../../../tracking/store.ts';

/** What came back with a restored experiment. */
export interface Restored {
  /** Runs that are active again. */
  readonly cameBack: number;
  /** Runs deleted before the experiment was, and deleted again. */
  readonly deletedAgain: number;
}

/** An experiment that is deleted is not updated any more, so its last update is its deletion. */
function wasDeletedBefore(run: Run, experiment: Experiment): boolean {
  const { deletedTime } = run.info;
  const { lastUpdateTime } = experiment;
  return deletedTime !== undefined && lastUpdateTime !== undefined && deletedTime < lastUpdateTime;
}

/**
 * Restores a deleted experiment, which brings back every run in it, and deletes those again that were deleted before it
 * was. Their deletion times tell them apart; REST does not give these, and MLflow's databases lose them when the
 * experiment is deleted, so there every run comes back.
 * @throws Failure not-found when somebody else restored it meanwhile
 */
export async function restoreDeleted(
  experiment: Experiment,
  tracking: TrackingStore,
  io: Io,
): Promise<Restored> {
  const { experimentId } = experiment;
  const again: string[] = [];
  let runs = 0;
  const search = { experimentIds: [experimentId], view: 'deleted_only' } as const;
  for await (const page of tracking.runs.search(search, io)) {
    runs += page.length;
    again.push(...page.filter((run) => wasDeletedBefore(run, experiment)).map((run) => run.info.runId));
  }
  await tracking.experiments.restore(experimentId, io);
  for (const runId of again) await tracking.runs.delete(runId, io);
  return { cameBack: runs - again.length, deletedAgain: again.length };
}
