import { Failure } from '../../../core/failure.ts';
import { parseLocation, type Location } from '../../../core/location.ts';
import { redactUri } from '../../../core/redact.ts';
import type { Session } from '../../../session/session.ts';
import type { Experiment } from '../../../tracking/entities.ts';
import type { TrackingStore } from '../../../tracking/store.ts';

/** Opens the tracking store to create something in it, unless the rule for Airflow tasks forbids where it is. */
export async function openForCreation(session: Session): Promise<TrackingStore> {
  const { checkTrackingUnderAirflow } = await import('../../../resolver/shared-rule.ts');
  checkTrackingUnderAirflow(await session.sharedRule());
  return session.tracking('create');
}

/** Applies the rule of where artifacts may go to the location of a new experiment. @throws Failure misconfigured */
export async function checkWanted(
  location: Location,
  tracking: TrackingStore,
  session: Session,
): Promise<void> {
  const { checkShared } = await import('../../../resolver/shared-rule.ts');
  await checkShared(location, tracking, await session.sharedRule(), session.io);
}

/**
 * Applies the same rule to an experiment that exists. It is kept as it is: a retry says the same.
 * @throws Failure misconfigured, naming the experiment's id
 */
export async function checkRecorded(
  experiment: Experiment,
  tracking: TrackingStore,
  session: Session,
): Promise<void> {
  try {
    await checkWanted(parseLocation(experiment.artifactLocation), tracking, session);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    throw thrown.with({
      message: `experiment ${experiment.experimentId} (${JSON.stringify(experiment.name)}) has the artifact location ${redactUri(experiment.artifactLocation)}: ${thrown.message}; the experiment is kept`,
    });
  }
}
