import { resolve } from 'node:path';
import { Failure } from '../../../core/failure.ts';
import { readMaxDelete } from '../../../gc/brakes.ts';
import type { Shard } from '../../../gc/run-gc.ts';
import { readSelection } from '../../../gc/selection.ts';
import type { GcAsk } from '../../../session/gc/collect-garbage.ts';
import { flag, list, ofSetting, text, type Options, type Values } from '../../command.ts';
import { STORE_OPTIONS } from '../../global-options.ts';

/** The options of gc. */
export const GC_OPTIONS = {
  runIds: text('--run-ids <ids>', 'these deleted runs only, separated by commas'),
  loggedModelIds: text('--logged-model-ids <ids>', 'these deleted logged models only, separated by commas'),
  experimentIds: text(
    '--experiment-ids <ids>',
    'these deleted experiments with what is deleted in them; with ids of runs or models: only within these',
  ),
  olderThan: text(
    '--older-than <age>',
    'only what was deleted so long ago, such as 30d or 1d2h3m4s; of orphans (7d) and uploads (2d) their own age',
  ),
  protectTag: list('--protect-tag <tag>', 'keep what carries this tag, k or k=v (repeatable)'),
  allDeleted: flag('--all-deleted', 'everything that is deleted'),
  includeUndated: flag(
    '--include-undated',
    'also what was deleted before deletion times were recorded; of uploads those that have no age (Azure)',
  ),
  orphans: flag(
    '--orphans',
    'look at --root for files of runs, models and traces that no database records; only --yes removes them',
  ),
  incompleteUploads: flag(
    '--incomplete-uploads',
    'look for uploads that were never finished, at --root or wherever the database names; only --yes gives them up',
  ),
  root: text('--root <uri>', 'the artifact root that --orphans or --incomplete-uploads looks at'),
  alsoBackend: list('--also-backend <uri>', 'with --orphans: another database of that root (repeatable)'),
  backendStoreUri: ofSetting('server.backendStoreUri', 'uri'),
  artifactsDestination: ofSetting('artifacts.destination', 'uri'),
  artifactBase: text('--artifact-base <dir>', 'where recorded relative locations start'),
  workspace: ofSetting('tracking.workspace', 'name'),
  allWorkspaces: flag('--all-workspaces', 'all workspaces'),
  dryRun: flag('--dry-run', 'print what would happen; nothing is deleted'),
  plan: text('--plan <file>', 'write what would happen to a file, for --apply'),
  apply: text('--apply <file>', 'do what a plan says, where it is still true'),
  shard: text('--shard <i/n>', 'with --apply: the i-th of n parts, counted from 0 or from 1'),
  yes: ofSetting('gc.yes'),
  breakReferences: ofSetting('gc.breakReferences'),
  acceptSchema: ofSetting('gc.acceptSchema', 'revision'),
  acceptMissing: flag(
    '--accept-missing',
    'go on although nothing proves that the artifact root is the right one',
  ),
  allVersions: flag(
    '--all-versions',
    'remove older versions too, where an S3 bucket keeps them; nobody can bring them back',
  ),
  maxDelete: text(
    '--max-delete <n>',
    'refuse to delete more runs and models than this: 500, or 10%; of orphans more objects (10%)',
  ),
  skipIfLocked: flag('--skip-if-locked', 'when another gc is at work, do nothing and succeed'),
  report: text('--report <file>', 'write a line of JSON for each row, and the summary'),
  metricsFile: text('--metrics-file <file>', "write metrics for the node exporter's textfile collector"),
  workers: ofSetting('artifacts.workers', 'n'),
  jobs: flag('--jobs', 'not supported', { hidden: true }),
  jobIds: text('--job-ids <ids>', 'not supported', { hidden: true }),
  ...STORE_OPTIONS,
} satisfies Options;

/** Their values. */
export type GcValues = Values<typeof GC_OPTIONS>;

function usage(message: string, hint: string): Failure {
  return new Failure({ kind: 'usage', message, hint, subject: 'command line' });
}

/** One workspace or all of them, in every mode. @throws Failure usage */
export function refuseTwoWorkspaces({ workspace, allWorkspaces }: GcValues): void {
  if (allWorkspaces && workspace !== undefined)
    throw usage(
      '--workspace takes one workspace and --all-workspaces takes every one, and both were given',
      'leave out one of them',
    );
}

function readShard(written: string | undefined): Shard | undefined {
  if (written === undefined) return undefined;
  const [, index, of] = /^(\d{1,6})\/(\d{1,6})$/.exec(written) ?? [];
  const [part, parts] = [Number(index), Number(of)];
  if (index === undefined || parts < 1 || part > parts)
    throw usage(
      `--shard ${JSON.stringify(written)} is no part of a whole`,
      'write 0/8 to 7/8, or 1/8 to 8/8',
    );
  return { index: part % parts, of: parts };
}

function refuseContradictions(values: GcValues): void {
  if (values.jobs || values.jobIds !== undefined)
    throw usage(
      'gc does not collect jobs of MLflow',
      'use mlflow gc --jobs for them; leave the flag out here',
    );
  const selectors = [values.runIds, values.loggedModelIds, values.experimentIds, values.olderThan];
  const selects = values.allDeleted || selectors.some((value) => value !== undefined);
  if (values.apply !== undefined && (selects || values.protectTag.length > 0))
    throw usage('--apply does what the plan says, and selectors were given too', 'give them to --plan');
  if (values.apply !== undefined && values.plan !== undefined)
    throw usage('--plan and --apply exclude each other', 'make the plan first, then apply it');
  if (values.shard !== undefined && values.apply === undefined)
    throw usage('--shard needs the plan that it is a part of', 'add --apply FILE');
}

/** What gc is asked to do by its flags. @throws Failure usage */
export function readAsk(values: GcValues, cwd: string): GcAsk {
  refuseContradictions(values);
  return {
    selection: readSelection(values),
    applyFile: values.apply,
    planFile: values.plan,
    shard: readShard(values.shard),
    dryRun: values.dryRun,
    allWorkspaces: values.allWorkspaces,
    acceptMissing: values.acceptMissing,
    allVersions: values.allVersions,
    skipIfLocked: values.skipIfLocked,
    maxDelete: values.maxDelete === undefined ? undefined : readMaxDelete(values.maxDelete),
    artifactBase: values.artifactBase === undefined ? undefined : resolve(cwd, values.artifactBase),
  };
}
