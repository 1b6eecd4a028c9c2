import { Failure } from '../../../core/failure.ts';
import type { Origin } from '../../../config/origin.ts';
import type { Session } from '../../../session/session.ts';
import type { Experiment } from '../../../tracking/entities.ts';
import type { TrackingStore } from '../../../tracking/store.ts';
import { getOrCreate } from '../experiments/get-or-create.ts';
import { wantedLocation } from '../experiments/wanted-location.ts';

/** The experiment that a new run belongs to, as it was named. */
export type NamedExperiment = { readonly id: string } | { readonly name: string };

/** A flag beats a variable, a variable beats a file. */
function rank({ from }: Origin): number {
  if (from === 'flag') return 2;
  return from === 'environment' ? 1 : 0;
}

/**
 * The experiment named by id or by name. Where both are, the one of higher precedence holds.
 * @throws Failure usage when neither is, or both by flags; misconfigured when both come from variables or from files
 */
export function namedExperiment(session: Session): NamedExperiment {
  const id = session.config.resolved('tracking.experimentId');
  const name = session.config.resolved('tracking.experimentName');
  const settings = ['tracking.experimentId', 'tracking.experimentName'];
  if (id.value !== undefined && name.value !== undefined) {
    const difference = rank(id.origin) - rank(name.origin);
    if (difference !== 0) return difference > 0 ? { id: id.value } : { name: name.value };
    throw new Failure({
      kind: rank(id.origin) === 2 ? 'usage' : 'misconfigured',
      message: `the experiment is named twice, by ${id.origin.name} and by ${name.origin.name}`,
      hint: 'keep exactly one of them',
      subject: 'experiment',
      settings,
    });
  }
  if (id.value !== undefined) return { id: id.value };
  if (name.value !== undefined) return { name: name.value };
  throw new Failure({
    kind: 'usage',
    message: 'no experiment is named',
    hint: 'pass exactly one of --experiment-id and --experiment-name',
    subject: 'experiment',
    settings,
  });
}

/**
 * Finds the experiment; one named by a name that nobody has is created, as mlflow does, under the rule of where artifacts
 * may go.
 * @throws Failure not-found, conflict (deleted), misconfigured (the rule)
 */
export async function findExperiment(
  named: NamedExperiment,
  tracking: TrackingStore,
  session: Session,
): Promise<Experiment> {
  const { io } = session;
  const found =
    'id' in named
      ? await tracking.experiments.get(named.id, io)
      : await tracking.experiments.findByName(named.name, io);
  if (found?.lifecycleStage === 'active') return found;
  if (found) {
    throw new Failure({
      kind: 'conflict',
      message: `the experiment ${found.experimentId} (${JSON.stringify(found.name)}) is deleted, so no run can be created in it`,
      hint: `restore it first: mlstow experiments restore -x ${found.experimentId}`,
      subject: found.experimentId,
    });
  }
  const name = 'name' in named ? named.name : '';
  session.notify(`The experiment ${JSON.stringify(name)} does not exist; creating it.`);
  const wanted = wantedLocation(undefined, session);
  const asked = { name, wanted, tags: {}, ifNotExists: true, restoreIfDeleted: false };
  const { experiment } = await getOrCreate(asked, tracking, session);
  return experiment;
}
