import { Failure } from '../../core/failure.ts';
import { cleanupIo } from '../../core/io.ts';
import type { Examination } from '../../doctor/context.ts';
import { parseTarget } from '../../resolver/target.ts';
import type { RunInfo } from '../../tracking/entities.ts';
import type { Session } from '../session.ts';

/** Experiments looked through for a run, newest first. */
const MAX_EXPERIMENTS = 50;

/**
 * A run whose artifacts a probe may be written to: the TARGET, else the newest active one, else, where that is allowed, a
 * new one that is soft-deleted at once.
 * @throws Failure not-found when there is none
 */
export async function findProbeRun(
  session: Session,
  { target, createProbeRun, readOnly }: Examination,
): Promise<Pick<RunInfo, 'runId' | 'artifactUri'>> {
  const { runs } = await session.tracking(createProbeRun && !readOnly ? 'write' : 'read');
  const asked = target === undefined ? undefined : parseTarget(target);
  if (asked?.kind === 'run') return (await runs.get(asked.runId, session.io)).info;
  const experimentIds = await experimentIdsOf(
    session,
    asked?.kind === 'experiment' ? asked.nameOrId : undefined,
  );
  if (experimentIds.length > 0) {
    const search = { experimentIds, view: 'active_only' } as const;
    for await (const [first] of runs.search(search, session.io)) if (first) return first.info;
  }
  const [newest] = experimentIds;
  if (createProbeRun && !readOnly && newest !== undefined) return createRun(session, newest);
  throw new Failure({
    kind: 'not-found',
    message: 'no active run was found to write a probe to',
    hint: 'name one, mlstow doctor RUN_ID, or let doctor make one with --create-probe-run',
    subject: 'doctor',
  });
}

async function experimentIdsOf(session: Session, named: string | undefined): Promise<readonly string[]> {
  if (named !== undefined) {
    const resolver = await session.resolver('read');
    return [(await resolver.experiment(named, session.io)).experiment.experimentId];
  }
  const { experiments } = await session.tracking('read');
  const found: string[] = [];
  const options = { view: 'active_only', maxResults: MAX_EXPERIMENTS } as const;
  for await (const page of experiments.search(options, session.io)) {
    found.push(...page.map(({ experimentId }) => experimentId));
    if (found.length >= MAX_EXPERIMENTS) break;
  }
  return found.slice(0, MAX_EXPERIMENTS);
}

async function createRun(session: Session, experimentId: string): Promise<RunInfo> {
  const { runs } = await session.tracking('write');
  const run = {
    experimentId,
    userId: 'mlstow doctor',
    runName: 'mlstow-doctor-probe',
    startTime: session.world.clock.now(),
    tags: {},
  };
  const made = await runs.create(run, session.io);
  // Deleted at once: artifacts of a deleted run can still be written, and nothing is left over whatever happens next.
  await runs.delete(made.runId, cleanupIo(session.io));
  session.notify(`made run ${made.runId} for the probes; it stays soft-deleted`);
  return made;
}
