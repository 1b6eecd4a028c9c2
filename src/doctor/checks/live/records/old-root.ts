import type { Io } from '../../../../core/io.ts';
import type { Check } from '../../../check.ts';
import type { Context } from '../../../context.ts';
import { ok, warn } from '../../../finding.ts';
import { newestRuns } from '../../../live/newest-run.ts';
import { rootOf } from '../../../roots.ts';
import type { Experiment } from '../../../../tracking/entities.ts';

/** Those whose location the server chose: below its root, under their own id. */
function madeByServer(experiments: readonly Experiment[]): readonly Experiment[] {
  return experiments.filter(
    ({ experimentId, artifactLocation }) =>
      artifactLocation.replace(/\/+$/, '').endsWith(`/${experimentId}`) ||
      artifactLocation === `mlflow-artifacts:/${experimentId}`,
  );
}

async function inUse(
  context: Context,
  experiments: readonly Experiment[],
  io: Io,
): Promise<readonly Experiment[]> {
  const runs = await newestRuns(await context.tracking(), experiments, io);
  const used = new Set(runs.map(({ experimentId }) => experimentId));
  return experiments.filter(({ experimentId }) => used.has(experimentId));
}

export const oldRoot: Check = {
  id: 'D06',
  name: 'old-root',
  area: 'records',
  title: "Experiments in use are at the tracking server's present root",
  explain:
    "Changing --default-artifact-root or --artifacts-destination moves nothing: the location was copied into each experiment when it was made, and new runs of an old experiment still go to the old bucket, until that is deleted. No API tells the server's root, so that of the newest experiment whose location the server chose counts as the present one. Experiments made with a location of their own are left out.",
  network: true,
  needs: ['tracking', 'experiments'],
  async run(context, io) {
    if ((await context.tracking()).reach === 'local') return [ok('the records are on this machine')];
    const [newest, ...others] = madeByServer(await context.experiments());
    if (!newest) return [ok('no experiment is at a place that the server chose')];
    const present = rootOf(newest);
    const elsewhere = others.filter((experiment) => rootOf(experiment) !== present);
    const old = await inUse(context, elsewhere, io);
    const [first] = old;
    if (!first) return [ok(`every experiment in use is at ${present}, the root of the newest one`)];
    const more = old.length === 1 ? '' : ` and ${old.length - 1} more`;
    return [
      warn(
        `new experiments are made at ${present}, and experiment ${first.experimentId} (${first.name})${more} still writes to ${rootOf(first)}`,
        `log to a new experiment (mlstow experiments create -n NAME), and when the old runs are no longer needed: mlstow experiments delete -x ${first.experimentId}`,
        first.experimentId,
      ),
    ];
  },
};
