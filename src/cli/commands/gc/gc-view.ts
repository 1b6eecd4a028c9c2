import { formatBytes } from '../../../core/bytes.ts';
import { Failure } from '../../../core/failure.ts';
import { redactUri } from '../../../core/redact.ts';
import type { Outcome } from '../../../gc/item.ts';
import { totalOf, type Tally } from '../../../gc/tally.ts';
import type { GcItem, GcSummary } from '../../output/gc.ts';

/** An outcome as it is shown. */
export function gcItem({ item, action, reason, objects, bytes, gone }: Outcome): GcItem {
  return {
    kind: item.kind,
    id: item.id,
    experiment_id: item.experimentId,
    artifact_uri: item.uri === undefined ? null : redactUri(item.uri),
    objects,
    bytes,
    action,
    ...(reason === undefined ? {} : { reason: redactUri(reason) }),
    ...(gone ? { gone } : {}),
  };
}

const DONE: Readonly<Record<GcItem['action'], string>> = {
  delete: 'deleted',
  keep: 'kept',
  skip: 'skipped',
  fail: 'failed',
  absent: 'absent',
};

function sizeOf(kind: GcItem['kind'], objects: number, bytes: number): string {
  if (kind === 'experiment') return '';
  return kind === 'upload' ? ` (${formatBytes(bytes)})` : ` (${objects} objects, ${formatBytes(bytes)})`;
}

/** One line for one row. */
export function gcLine({ kind, id, action, reason, objects, bytes }: GcItem, dryRun: boolean): string {
  const word = dryRun && action === 'delete' ? 'would delete' : DONE[action];
  const size = action === 'delete' && (!dryRun || objects > 0) ? sizeOf(kind, objects, bytes) : '';
  return `${word} ${kind} ${id}${size}${reason === undefined ? '' : `: ${reason}`}\n`;
}

type Counts = Tally['counts']['delete'];

const WENT: Readonly<Record<GcSummary['mode'], (counts: Counts) => string>> = {
  rows: ({ run, model, trace, experiment }) =>
    `${run} runs, ${model} models, ${trace} traces, ${experiment} experiments`,
  orphans: ({ run, model, trace }) => `orphans of ${run} runs, ${model} models, ${trace} traces`,
  'incomplete-uploads': ({ upload }) => `${upload} unfinished uploads`,
};

function totalSize(mode: GcSummary['mode'], { objects, bytes }: Tally): string {
  if (mode !== 'incomplete-uploads') return `, ${objects} objects, ${formatBytes(bytes)}`;
  // Not every store tells what an upload holds.
  return bytes > 0 ? `, ${formatBytes(bytes)}` : '';
}

/** The last line. */
export function gcSummaryLine(
  mode: GcSummary['mode'],
  tally: Tally,
  leftOut: Readonly<Record<string, number>>,
  dryRun: boolean,
): string {
  const { counts, notFreed } = tally;
  const went = WENT[mode](counts.delete);
  const size = dryRun && mode === 'rows' ? '' : totalSize(mode, tally);
  const others = (['keep', 'skip', 'fail', 'absent'] as const)
    .map((action) => ({ word: DONE[action], total: totalOf(tally, action) }))
    .filter(({ total }) => total > 0)
    .map(({ word, total }) => `; ${total} ${word}`);
  const out = Object.entries(leftOut)
    .filter(([, count]) => count > 0)
    .map(([why, count]) => `; ${count} left out: ${why.replaceAll('_', ' ')}`);
  const held =
    notFreed > 0
      ? `; ${formatBytes(notFreed)} of that not freed: the bucket keeps older versions (--all-versions removes them too)`
      : '';
  return `${dryRun ? 'would delete' : 'deleted'} ${went}${size}${others.join('')}${out.join('')}${held}\n`;
}

/** What decides the exit code of a gc that went to its end. */
export function gcFailure(tally: Tally, dryRun: boolean): Failure | undefined {
  const failed = totalOf(tally, 'fail');
  const { active, workspace, reference, root } = tally.braked;
  if (failed > 0)
    return new Failure({
      kind: 'partial',
      message: `${failed} items ${dryRun ? 'cannot' : 'could not'} be collected; they are still there`,
      hint: 'the lines above tell why of each; run gc again when that is mended',
      subject: 'gc',
    });
  if (active > 0)
    return new Failure({
      kind: 'partial',
      message: `${active} of the ids given are active and were kept`,
      hint: 'delete them first with: mlstow runs delete --run-id ID',
      subject: 'gc',
    });
  if (workspace > 0)
    return new Failure({
      kind: 'partial',
      message: `${workspace} of the ids given are in another workspace and were kept`,
      hint: 'name it with --workspace, or take --all-workspaces',
      subject: 'gc',
    });
  if (root > 0)
    return new Failure({
      kind: 'refused',
      message: `${root} rows were kept: their artifact root is not proven to be the right one`,
      hint: 'check the mount, the endpoint and --artifacts-destination; --accept-missing goes on nevertheless',
      subject: 'gc',
    });
  if (reference > 0)
    return new Failure({
      kind: 'refused',
      message: `${reference} of the ids given are still needed and were kept`,
      hint: 'the lines above tell by whom; --break-references deletes them nevertheless',
      subject: 'gc',
    });
  return undefined;
}
