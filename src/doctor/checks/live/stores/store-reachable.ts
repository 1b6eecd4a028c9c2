import type { System } from '../../../../artifacts/registry.ts';
import type { Check } from '../../../check.ts';
import { fail, ok, warn, type Finding } from '../../../finding.ts';
import { failWith } from '../../../live/fail-with.ts';
import { judgeRoots, ROOTS_MS, toldElsewhere, troubleKind } from '../../../live/judge-roots.ts';
import type { RootSurvey } from '../../../live/survey-roots.ts';

const BUCKETS: ReadonlySet<System> = new Set<System>(['s3', 'azure', 'gcs']);
const USUAL = 'check the address of that store, and that it runs; then run mlstow doctor again';

function usedBy({ root }: RootSurvey): string {
  const [first] = root.experiments;
  if (first === undefined) return root.namedBy.length > 0 ? `, named by ${root.namedBy.join(' and ')}` : '';
  const others = root.experiments.length - 1;
  const more = others === 0 ? '' : ` and ${others} more`;
  return `, which experiment ${first.experimentId} (${first.name})${more} writes to`;
}

/** New runs of an experiment go to its location for ever; a bucket can be made again, a location cannot be changed. */
function gone(survey: RootSurvey): Finding {
  const { root } = survey;
  const [first] = root.experiments;
  const leave =
    first === undefined
      ? `correct ${root.namedBy.join(' and ')}`
      : `log to a new experiment (mlstow experiments create -n NAME) and delete this one: mlstow experiments delete -x ${first.experimentId}`;
  return fail(
    `the bucket or container of ${root.uri} does not exist${usedBy(survey)}`,
    `make it again, or ${leave}`,
    root.uri,
  );
}

function judge(survey: RootSurvey): readonly Finding[] {
  const { root, trouble, anchor, exists } = survey;
  const { uri } = root;
  if (trouble) {
    if (troubleKind(trouble) !== 'reach') return [toldElsewhere(trouble, uri)];
    const told = failWith(trouble, USUAL, uri);
    const named = told.evidence.includes(uri) ? told.evidence : `${uri}: ${told.evidence}`;
    return [{ ...told, evidence: `${named}${usedBy(survey)}` }];
  }
  if (exists) return [ok('it is there', uri)];
  if (anchor !== 'absent') return [ok('nothing is there yet; the first artifact makes it', uri)];
  if (survey.system !== undefined && BUCKETS.has(survey.system)) return [gone(survey)];
  return [
    warn(
      `neither ${uri} nor a folder with anything in it above it is there${usedBy(survey)}`,
      `mount it, if it is a mount; else make the folder there: mkdir -p ${root.physical?.path ?? uri}`,
      uri,
    ),
  ];
}

export const storeReachable: Check = {
  id: 'D74',
  name: 'store-reachable',
  area: 'stores',
  title: 'Every artifact root in use can be reached and is there',
  explain:
    'Every distinct root that experiments, settings or the target name is opened, all at the same time and each for 9 s at most: a stopped store, a wrong endpoint, a firewall that drops packets, a bucket that was deleted, a share that is not mounted. Experiments keep the location that they were made with, so a bucket that is gone breaks every new run of theirs, however the server is configured by now.',
  network: true,
  needs: ['roots'],
  timeoutMs: ROOTS_MS,
  run: async (context, io) => judgeRoots(context, io, judge),
};
