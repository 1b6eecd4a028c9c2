import { Failure } from '../../../../core/failure.ts';
import type { Io } from '../../../../core/io.ts';
import { checkShared, type Fitness } from '../../../../resolver/shared-rule.ts';
import type { Check } from '../../../check.ts';
import type { Context } from '../../../context.ts';
import { fail, ok, skip, type Finding } from '../../../finding.ts';
import { newestRunBelow, usedRoots } from '../../../live/newest-run.ts';
import type { Root } from '../../../roots.ts';

const SAID: Readonly<Record<Fitness, string>> = {
  remote: 'it is no folder',
  'same machine': 'the records are kept on this machine too',
  'shared path': 'a shared path names it, and it is there',
  'proven shared': "a file written here is in the server's own listing: the folder is shared",
  'allowed by the user': 'not proven shared, but allowed by --allow-local',
  'to be probed': 'only a probe could tell whether it is shared, and --read-only allows none',
};

async function judge(root: Root, context: Context, io: Io): Promise<readonly Finding[]> {
  const { recorded, physical, uri, experiments } = root;
  if (recorded?.scheme !== 'file' || !physical) return [];
  const tracking = await context.tracking();
  const of = experiments.length > 0 ? experiments : await context.experiments();
  const run = await newestRunBelow(tracking, of, recorded, io);
  try {
    const mayProbe = !context.readOnly;
    const probed = run ? { runId: run.runId, mayProbe } : undefined;
    const fitness = await checkShared(run?.location ?? physical, tracking, await context.rule(), io, probed);
    return [fitness === 'to be probed' ? skip(SAID[fitness], uri) : ok(SAID[fitness], uri)];
  } catch (thrown) {
    if (!(thrown instanceof Failure) || io.signal.aborted) throw thrown;
    const hint = thrown.facts.hint ?? 'use an experiment whose artifact location is remote';
    return [fail(thrown.message, hint, uri)];
  }
}

export const sharedLocation: Check = {
  id: 'D01',
  name: 'shared-location',
  area: 'records',
  title: 'Artifacts in folders are where everybody sees them',
  explain:
    "Parameters arrive and artifacts vanish, or Permission denied: '/mlflow'. The experiment's location is a path, the tracking server and its clients are different machines, and each writes to its own disk: the artifacts are lost with it. The folder must be proven shared: named by --shared-path (MLSTOW_SHARED_PATHS), or, for a run, by a file that doctor writes here, finds in the server's own listing and removes again. Otherwise start the server with --artifacts-destination and without a local --default-artifact-root, and log to a new experiment.",
  network: true,
  needs: ['tracking', 'roots'],
  async run(context, io) {
    const roots = await usedRoots(context, io);
    const found = await Promise.all(roots.map(async (root) => judge(root, context, io)));
    const all = found.flat();
    return all.length > 0 ? all : [ok('no artifact root is a folder')];
  },
};
