import type { Io } from '../../core/io.ts';
import { isBelow, parseLocation, type Location } from '../../core/location.ts';
import type { Experiment, RunInfo } from '../../tracking/entities.ts';
import type { TrackingStore } from '../../tracking/store.ts';
import type { Context } from '../context.ts';
import type { Root } from '../roots.ts';
import { sharedLook } from './shared-look.ts';

/** Experiments that one search names: their ids travel in one request. */
const MAX_EXPERIMENTS = 50;

/** The first page of the newest active runs in some experiments. */
export async function newestRuns(
  { runs }: TrackingStore,
  experiments: readonly Experiment[],
  io: Io,
): Promise<readonly RunInfo[]> {
  const experimentIds = experiments.slice(0, MAX_EXPERIMENTS).map(({ experimentId }) => experimentId);
  if (experimentIds.length === 0) return [];
  for await (const page of runs.search({ experimentIds, view: 'active_only' }, io))
    return page.map(({ info }) => info);
  return [];
}

/** The newest run whose artifacts are below a root, and where. */
export async function newestRunBelow(
  tracking: TrackingStore,
  experiments: readonly Experiment[],
  root: Location,
  io: Io,
): Promise<{ readonly runId: string; readonly location: Location } | undefined> {
  const found = await newestRuns(tracking, experiments, io);
  return found
    .map(({ runId, artifactUri }) => ({ runId, location: parseLocation(artifactUri) }))
    .find(({ location }) => isBelow(location, root));
}

/** MLflow makes experiment 0 by itself, at the root of whoever came first, whether or not anybody wants it. */
function onlyDefault({ experiments, namedBy }: Root): boolean {
  return experiments.length === 1 && experiments[0]?.experimentId === '0' && namedBy.length === 0;
}

/** The roots that somebody uses: all but one that only an experiment 0 without runs is at. */
export const usedRoots = sharedLook(async (context: Context, io: Io): Promise<readonly Root[]> => {
  const roots = await context.roots();
  const lone = roots.length > 1 ? roots.find(onlyDefault) : undefined;
  if (!lone) return roots;
  const runs = await newestRuns(await context.tracking(), lone.experiments, io);
  return runs.length > 0 ? roots : roots.filter((root) => root !== lone);
});
