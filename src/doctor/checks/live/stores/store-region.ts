import type { Context } from '../../../context.ts';
import type { Check } from '../../../check.ts';
import { ok, warn, type Finding } from '../../../finding.ts';
import { failWith } from '../../../live/fail-with.ts';
import { judgeRoots, ROOTS_MS, toldElsewhere, troubleKind } from '../../../live/judge-roots.ts';
import type { RootSurvey } from '../../../live/survey-roots.ts';

function variableOf({ config }: Context): string {
  const { origin } = config.resolved('s3.region');
  return origin.from === 'environment' ? origin.name : 'AWS_DEFAULT_REGION';
}

function judge(context: Context, { root, system, region, trouble }: RootSurvey): readonly Finding[] {
  const { uri } = root;
  if (trouble) {
    if (troubleKind(trouble) !== 'region') return [toldElsewhere(trouble, uri)];
    return [failWith(trouble, `set ${variableOf(context)} to the region of the bucket`, uri)];
  }
  if (system !== 's3') return [];
  if (region === undefined) return [ok("the region that is set is the bucket's", uri)];
  const set = context.config.resolved('s3.region').value;
  return [
    warn(
      `the bucket is in ${region}, and ${set === undefined ? 'no region is set' : `${set} is set`}: mlstow found out, stock MLflow and the URLs that it signs fail`,
      `set ${variableOf(context)}=${region} here and on the tracking server`,
      uri,
    ),
  ];
}

export const storeRegion: Check = {
  id: 'D22',
  name: 'store-region',
  area: 'stores',
  title: 'Buckets are asked for in their own region',
  explain:
    'PermanentRedirect, AuthorizationHeaderMalformed, 301: the bucket is in another region than the one that requests are signed for. mlstow learns the region from the first refusal; stock MLflow does not, and a server with the wrong region signs URLs that fail for every client. Set AWS_DEFAULT_REGION on both.',
  network: true,
  needs: ['roots'],
  timeoutMs: ROOTS_MS,
  async run(context, io) {
    const found = await judgeRoots(context, io, (survey) => judge(context, survey));
    return found.length > 0 ? found : [ok('no root is on S3')];
  },
};
