import { Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import { parseLocation } from '../core/location.ts';
import { redactUri } from '../core/redact.ts';
import type { Experiment } from '../tracking/entities.ts';
import type { TrackingStore } from '../tracking/store.ts';
import { resolvePhysical } from './physical.ts';
import type { Place, Resolution } from './resolution.ts';
import type { ResolverOptions } from './resolver-options.ts';

/**
 * Where an experiment's artifacts are: of the experiment with this name, deleted or not, else of the one with this id.
 * @throws Failure not-found
 */
export async function resolveExperiment(
  options: ResolverOptions,
  nameOrId: string,
  io: Io,
): Promise<Resolution & { readonly experiment: Experiment }> {
  const tracking = await options.tracking();
  const experiment = await findExperiment(tracking, nameOrId, io);
  const physical = await resolvePhysical(parseLocation(experiment.artifactLocation), options);
  const place: Place = {
    location: physical.location,
    path: '',
    because: "it is the experiment's artifact location",
  };
  const steps = [
    { found: `experiment ${experiment.experimentId} (${experiment.name})`, origin: tracking.label },
    { found: redactUri(experiment.artifactLocation), origin: 'artifact location of the experiment' },
    ...physical.steps,
  ];
  return { places: [place], name: '', experiment, steps };
}

async function findExperiment(tracking: TrackingStore, nameOrId: string, io: Io): Promise<Experiment> {
  const named = await tracking.experiments.findByName(nameOrId, io);
  if (named) return named;
  try {
    return await tracking.experiments.get(nameOrId, io);
  } catch (thrown) {
    if (!(thrown instanceof Failure) || (thrown.kind !== 'not-found' && thrown.kind !== 'invalid'))
      throw thrown;
    throw new Failure(
      {
        kind: 'not-found',
        message: `${tracking.label} has no experiment with the name or id ${JSON.stringify(nameOrId)}`,
        hint: 'list what there is: mlstow experiments search --view all',
        subject: nameOrId,
      },
      thrown,
    );
  }
}
