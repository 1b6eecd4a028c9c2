import type { Check } from '../../../check.ts';
import { ok, skip, warn, type Finding } from '../../../finding.ts';
import { UNFINISHED_DAYS, type HiddenCost } from '../../../live/hidden-cost.ts';
import { judgeRoots, ROOTS_MS, toldElsewhere } from '../../../live/judge-roots.ts';
import type { Leftover } from '../../../live/leftover.ts';
import type { RootSurvey } from '../../../live/survey-roots.ts';

function own(left: Leftover | undefined): string {
  if (!left) return '';
  const { versions, failure } = left;
  const what = versions === undefined ? 'what it kept' : `${versions} versions`;
  return `; of doctor's own probe ${what} stayed there: ${failure.message}`;
}

function judgeVersions({ versions }: HiddenCost, { root: { uri }, left }: RootSurvey): readonly Finding[] {
  if (versions === 'none') return [ok('what is deleted is gone: the bucket keeps no older versions', uri)];
  if (versions === 'expire')
    return [ok(`the bucket keeps older versions, and a lifecycle rule removes them${own(left)}`, uri)];
  if (versions !== 'kept')
    return [skip(`whether older versions are kept and billed is not told: ${versions.message}`, uri)];
  const dropping = 'give the bucket a lifecycle rule with NoncurrentVersionExpiration';
  const probing = left ? '; mlstow doctor --read-only writes no probe' : '';
  return [
    warn(
      `the bucket of ${uri} keeps a version of everything that is deleted or replaced, and no lifecycle rule removes them: deleting frees nothing${own(left)}`,
      `${dropping}, or collect with mlstow gc --all-versions, which removes them for good${probing}`,
      uri,
    ),
  ];
}

function judgeUploads({ unfinished }: HiddenCost, { root: { uri } }: RootSurvey): readonly Finding[] {
  if (typeof unfinished !== 'number')
    return [skip(`whether unfinished uploads are billed is not told: ${unfinished.message}`, uri)];
  if (unfinished === 0) return [];
  return [
    warn(
      `${unfinished} ${unfinished === 1 ? 'upload' : 'uploads'} below ${uri} ${unfinished === 1 ? 'was' : 'were'} begun more than ${UNFINISHED_DAYS} days ago and never finished: no listing shows them, and they are billed`,
      `give them up: mlstow gc --incomplete-uploads --root ${uri} --older-than ${UNFINISHED_DAYS}d --yes`,
      uri,
    ),
  ];
}

function judge(survey: RootSurvey): readonly Finding[] {
  const { root, cost, trouble } = survey;
  if (trouble) return [toldElsewhere(trouble, root.uri)];
  return cost ? [...judgeVersions(cost, survey), ...judgeUploads(cost, survey)] : [];
}

export const hiddenCost: Check = {
  id: 'D28',
  name: 'hidden-cost',
  area: 'stores',
  title: 'Nothing is kept and billed that no listing shows',
  explain:
    'A bucket with versioning keeps everything that is deleted or replaced, and bills it: gc then frees nothing, unless it is given --all-versions or a lifecycle rule of the bucket expires noncurrent versions. Uploads in parts that were begun and never finished are kept as well, until gc --incomplete-uploads or a rule (AbortIncompleteMultipartUpload) gives them up. doctor removes all versions of its own probes, as far as s3:DeleteObjectVersion lets it, and tells what stays. Of a store behind a proxying server it sees none of this: name the bucket itself as the target, with its credentials.',
  network: true,
  needs: ['roots'],
  timeoutMs: ROOTS_MS,
  run: async (context, io) => judgeRoots(context, io, judge),
};
