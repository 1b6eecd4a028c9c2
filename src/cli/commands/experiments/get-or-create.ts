import { Failure } from '../../../core/failure.ts';
import type { Session } from '../../../session/session.ts';
import type { Experiment, Tags } from '../../../tracking/entities.ts';
import type { TrackingStore } from '../../../tracking/store.ts';
import { checkRecorded, checkWanted } from './placement.ts';
import { restoreDeleted, type Restored } from './restore-deleted.ts';
import { isSamePlace, locationDiffers, type WantedLocation } from './wanted-location.ts';

/** An experiment to have, and what may be done to have it. */
export interface Asked {
  readonly name: string;
  /** Undefined: the tracking store chooses. */
  readonly wanted: WantedLocation | undefined;
  /** Only for an experiment that is created. */
  readonly tags: Tags;
  readonly ifNotExists: boolean;
  readonly restoreIfDeleted: boolean;
  /** Called with the URI of the location before artifacts can go there. */
  readonly probe?: (uri: string) => Promise<void>;
}

/** The experiment, and how it came to be. */
export interface Had {
  readonly experiment: Experiment;
  readonly how: 'created' | 'found' | 'restored';
  readonly restored?: Restored;
}

/** How often a name may be taken and freed again by others before this gives up. */
const ATTEMPTS = 5;

function isDeleted(experiment: Experiment): Failure {
  const { name, experimentId } = experiment;
  return new Failure({
    kind: 'exists',
    message: `the name ${JSON.stringify(name)} belongs to the deleted experiment ${experimentId}`,
    hint: `restore it (--restore-if-deleted, or mlstow experiments restore -x ${experimentId}), or remove it for good: mlstow gc --experiment-ids ${experimentId}`,
    subject: name,
  });
}

function isTaken(experiment: Experiment): Failure {
  const { name, experimentId } = experiment;
  return new Failure({
    kind: 'exists',
    message: `the experiment ${JSON.stringify(name)} exists already with id ${experimentId}`,
    hint: 'pass --if-not-exists to use it',
    subject: name,
  });
}

async function create(asked: Asked, tracking: TrackingStore, session: Session): Promise<Had> {
  const { name, wanted, tags, probe } = asked;
  const { io } = session;
  if (wanted) {
    await checkWanted(wanted.given, tracking, session);
    await probe?.(wanted.uri);
  }
  const location = wanted ? { artifactLocation: wanted.uri } : {};
  const id = await tracking.experiments.create({ name, tags, ...location }, io);
  const experiment = await tracking.experiments.get(id, io);
  if (!wanted) {
    await checkRecorded(experiment, tracking, session);
    await probe?.(experiment.artifactLocation);
  }
  return { experiment, how: 'created' };
}

/** Takes the experiment that holds the name, if what was asked for allows it. */
async function take(
  found: Experiment,
  asked: Asked,
  tracking: TrackingStore,
  session: Session,
): Promise<Had> {
  const deleted = found.lifecycleStage === 'deleted';
  if (deleted && !asked.restoreIfDeleted) throw isDeleted(found);
  const { wanted } = asked;
  if (!deleted && !asked.ifNotExists) {
    // A retry after a refused location is told the same as the first try, not that it left an experiment behind.
    if (!wanted) await checkRecorded(found, tracking, session);
    throw isTaken(found);
  }
  if (wanted?.from === 'flag' && !isSamePlace(wanted.location, found.artifactLocation, session.world.cwd)) {
    throw locationDiffers(found.name, found.experimentId, found.artifactLocation, wanted.location);
  }
  await checkRecorded(found, tracking, session);
  await asked.probe?.(found.artifactLocation);
  if (!deleted) return { experiment: found, how: 'found' };
  const restored = await restoreDeleted(found, tracking, session.io);
  const experiment = await tracking.experiments.get(found.experimentId, session.io);
  return { experiment, how: 'restored', restored };
}

/** @returns undefined when another caller took or freed the name in between */
async function attempt(asked: Asked, tracking: TrackingStore, session: Session): Promise<Had | undefined> {
  const found = await tracking.experiments.findByName(asked.name, session.io);
  try {
    return found ? await take(found, asked, tracking, session) : await create(asked, tracking, session);
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    const lost = found
      ? found.lifecycleStage === 'deleted' && asked.restoreIfDeleted && thrown.kind === 'not-found'
      : thrown.kind === 'exists';
    if (lost) return undefined;
    throw thrown;
  }
}

/**
 * Creates an experiment, or takes the one that has the name. Any number of callers may do so at once: the store lets one
 * create, the others find what it created. The rule of where artifacts may go holds for what is found, too.
 * @throws Failure exists (a name taken, a deleted experiment, another location), misconfigured (the rule)
 */
export async function getOrCreate(asked: Asked, tracking: TrackingStore, session: Session): Promise<Had> {
  const { wanted } = asked;
  // Before the first request, unless an experiment that exists may be taken wherever it is.
  if (wanted && (wanted.from === 'flag' || !(asked.ifNotExists || asked.restoreIfDeleted))) {
    await checkWanted(wanted.given, tracking, session);
  }
  for (let left = ATTEMPTS; left > 0; left -= 1) {
    const had = await attempt(asked, tracking, session);
    if (had) return had;
  }
  throw new Failure({
    kind: 'conflict',
    message: `the name ${JSON.stringify(asked.name)} was taken and freed again by others ${ATTEMPTS} times`,
    subject: asked.name,
    retry: 'later',
  });
}
