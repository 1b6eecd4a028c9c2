import { resolve } from 'node:path';
import { Failure } from '../../../core/failure.ts';
import { readMaxDelete } from '../../../gc/brakes.ts';
import { readAge } from '../../../gc/selection.ts';
import type { SweepAsk } from '../../../session/gc/sweep-ask.ts';
import type { GcValues } from './gc-options.ts';

const DAY = 24 * 60 * 60 * 1000;
/** Ages unless told, in ms. */
const OLDER_THAN = { orphans: 7 * DAY, 'incomplete-uploads': 2 * DAY } as const;

function usage(message: string, hint: string): Failure {
  return new Failure({ kind: 'usage', message, hint, subject: 'command line' });
}

/** Flags that speak of rows, and those that were given. */
function ofRows(values: GcValues, mode: SweepAsk['mode']): readonly string[] {
  const given: Readonly<Record<string, boolean>> = {
    '--run-ids': values.runIds !== undefined,
    '--logged-model-ids': values.loggedModelIds !== undefined,
    '--experiment-ids': values.experimentIds !== undefined,
    '--all-deleted': values.allDeleted,
    '--include-undated': values.includeUndated && mode === 'orphans',
    '--protect-tag': values.protectTag.length > 0,
    '--plan': values.plan !== undefined,
    '--apply': values.apply !== undefined,
    '--shard': values.shard !== undefined,
    '--accept-missing': values.acceptMissing,
  };
  return Object.keys(given).filter((flag) => given[flag]);
}

function refuseContradictions(values: GcValues, mode: SweepAsk['mode']): void {
  const [first] = ofRows(values, mode);
  if (first !== undefined)
    throw usage(`${first} picks rows, and --${mode} looks at no row`, `leave out one of the two`);
  if (values.root?.trim() === '')
    throw usage(
      '--root was given an empty value',
      'if it comes from a shell variable, that variable is not set',
    );
  if (mode === 'orphans' && values.root === undefined)
    throw usage(
      '--orphans needs the artifact root to look at',
      'give it with --root, such as s3://bucket/path; mlstow doctor names the roots in use',
    );
  const { maxDelete, alsoBackend, allVersions } = values;
  if (mode === 'incomplete-uploads' && (maxDelete !== undefined || alsoBackend.length > 0 || allVersions))
    throw usage(
      '--max-delete, --also-backend and --all-versions say nothing about unfinished uploads',
      'leave them out here',
    );
}

function modeOf(values: GcValues): SweepAsk['mode'] | undefined {
  if (values.orphans && values.incompleteUploads)
    throw usage('--orphans and --incomplete-uploads exclude each other', 'run gc once for each');
  if (values.orphans) return 'orphans';
  return values.incompleteUploads ? 'incomplete-uploads' : undefined;
}

/**
 * What gc is asked to look for in the stores; undefined where it is asked for rows.
 * @throws Failure usage
 */
export function readSweep(values: GcValues, cwd: string, yes: boolean): SweepAsk | undefined {
  const mode = modeOf(values);
  if (mode === undefined) {
    if (values.root !== undefined || values.alsoBackend.length > 0)
      throw usage(
        '--root and --also-backend belong to --orphans or --incomplete-uploads',
        'add one of these',
      );
    return undefined;
  }
  refuseContradictions(values, mode);
  const { artifactBase, maxDelete } = values;
  return {
    mode,
    root: values.root,
    olderThan: readAge(values.olderThan) ?? OLDER_THAN[mode],
    includeUndated: values.includeUndated,
    deletes: yes && !values.dryRun,
    maxDelete: maxDelete === undefined ? undefined : readMaxDelete(maxDelete),
    alsoBackends: values.alsoBackend,
    skipIfLocked: values.skipIfLocked,
    allVersions: values.allVersions,
    artifactBase: artifactBase === undefined ? undefined : resolve(cwd, artifactBase),
  };
}
