import { redactUri } from '../../core/redact.ts';
import type { Records, Whereabouts } from '../../session/find-whereabouts.ts';
import type { Keeper } from '../../session/open-tracking.ts';
import { command, type View } from '../command.ts';
import type { HomeResult } from '../output/home.ts';

const KEEPERS: Readonly<Record<Keeper, string>> = {
  server: 'a tracking server',
  database: 'a database, opened directly',
  folder: 'a folder of the file store',
  other: 'nothing that mlstow opens',
};

const BEGIN = [
  'mlstow experiments create -n churn --if-not-exists',
  'run=$(mlstow runs create -n churn --status running -q)',
  'mlstow artifacts log model -r "$run"',
];
const MEND = [
  'mlstow doctor',
  'mlstow config list --set --show-origin',
  'mlstow --tracking-uri URI experiments list',
];

function goOn(id: string): readonly string[] {
  return [
    `mlstow runs list -x ${id}`,
    `run=$(mlstow runs create -x ${id} --status running -q)`,
    'mlstow artifacts log model -r "$run"',
  ];
}

function recordsOf({ records }: Whereabouts): Records | undefined {
  if (!('failure' in records)) return records;
  return records.isEmpty ? { count: 0, isMore: false } : undefined;
}

/** MLflow's own experiment is in every store and holds what nobody named. */
const DEFAULT_ID = '0';

function nextOf(records: Records | undefined): readonly string[] {
  if (records === undefined) return MEND;
  const { newest } = records;
  return newest === undefined || newest.experimentId === DEFAULT_ID ? BEGIN : goOn(newest.experimentId);
}

function toResult(found: Whereabouts): HomeResult {
  const { tracking, artifactRoot } = found;
  const records = recordsOf(found);
  const newest = records?.newest;
  return {
    tracking_uri: tracking.uri,
    tracking_origin: tracking.origin,
    tracking_kind: tracking.keeper,
    ...(artifactRoot === undefined ? {} : { artifact_root: artifactRoot.uri }),
    ...(records === undefined ? {} : { experiments: records.count, experiments_more: records.isMore }),
    ...(newest === undefined
      ? {}
      : {
          newest_experiment: {
            experiment_id: newest.experimentId,
            name: newest.name,
            artifact_location: redactUri(newest.artifactLocation),
          },
        }),
    ...('failure' in found.records && !found.records.isEmpty
      ? { problem: found.records.failure.message }
      : {}),
    next: nextOf(records),
  };
}

function experimentsText({
  experiments,
  experiments_more: more,
  newest_experiment: newest,
}: HomeResult): string {
  if (newest === undefined) return 'none yet';
  return `${more === true ? 'more than ' : ''}${experiments ?? 0}, the newest is ${newest.name} (${newest.experiment_id})`;
}

function artifactsText(result: HomeResult, found: Whereabouts): string {
  if (found.artifactRoot) return `${found.artifactRoot.uri}  (${found.artifactRoot.origin})`;
  const newest = result.newest_experiment;
  if (newest) return `${newest.artifact_location}  (location of ${newest.name})`;
  return 'chosen when an experiment is created';
}

function* screen(result: HomeResult, found: Whereabouts): Generator<string> {
  yield `tracking     ${result.tracking_uri}  (${found.tracking.origin})\n`;
  yield `             ${KEEPERS[found.tracking.keeper]}\n`;
  if (result.problem === undefined) {
    yield `experiments  ${experimentsText(result)}\n`;
    yield `artifacts    ${artifactsText(result, found)}\n`;
  } else yield `             but: ${result.problem}\n`;
  yield '\nnext:\n';
  for (const line of result.next) yield `  ${line}\n`;
  yield '\nmlstow --help shows every command.\n';
}

/** What `mlstow` without a command shows. It succeeds also when the records cannot be reached: it says so. */
export const home = command({
  name: 'home',
  summary: 'Show where you are and what to type next.',
  options: {},
  async run(session): Promise<View> {
    const { findWhereabouts } = await import('../../session/find-whereabouts.ts');
    const found = await findWhereabouts(session);
    const result = toResult(found);
    return {
      data: () => ({ ...result }),
      text: () => screen(result, found),
      quiet: () => [`${result.tracking_uri}\n`],
    };
  },
});
