import { formatBytes } from '../../../core/bytes.ts';
import { Failure } from '../../../core/failure.ts';
import { redactUri } from '../../../core/redact.ts';
import type { Item, Outcome } from '../../../gc/item.ts';
import { totalOf, type Tally } from '../../../gc/tally.ts';
import type { GcItem } from '../../output/gc.ts';

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

/** What is decided about an item, before anything is done. */
export function plannedOutcome(item: Item): Outcome {
  const { action, reason, brake } = item;
  return {
    item,
    action,
    objects: 0,
    bytes: 0,
    ...(reason === undefined ? {} : { reason }),
    ...(brake === undefined ? {} : { brake }),
  };
}

const DONE: Readonly<Record<GcItem['action'], string>> = {
  delete: 'deleted',
  keep: 'kept',
  skip: 'skipped',
  fail: 'failed',
  absent: 'absent',
};

/** One line for one row. */
export function gcLine({ kind, id, action, reason, objects, bytes }: GcItem, dryRun: boolean): string {
  const word = dryRun && action === 'delete' ? 'would delete' : DONE[action];
  const size =
    dryRun || action !== 'delete' || kind === 'experiment'
      ? ''
      : ` (${objects} objects, ${formatBytes(bytes)})`;
  return `${word} ${kind} ${id}${size}${reason === undefined ? '' : `: ${reason}`}\n`;
}

/** The last line. */
export function gcSummaryLine(
  tally: Tally,
  leftOut: Readonly<Record<string, number>>,
  dryRun: boolean,
): string {
  const { counts, objects, bytes } = tally;
  const { run, model, trace, experiment } = counts.delete;
  const went = `${run} runs, ${model} models, ${trace} traces, ${experiment} experiments`;
  const size = dryRun ? '' : `, ${objects} objects, ${formatBytes(bytes)}`;
  const others = (['keep', 'skip', 'fail', 'absent'] as const)
    .map((action) => ({ word: DONE[action], total: totalOf(tally, action) }))
    .filter(({ total }) => total > 0)
    .map(({ word, total }) => `; ${total} ${word}`);
  const out = Object.entries(leftOut)
    .filter(([, count]) => count > 0)
    .map(([why, count]) => `; ${count} left out: ${why}`);
  return `${dryRun ? 'would delete' : 'deleted'} ${went}${size}${others.join('')}${out.join('')}\n`;
}

/** What decides the exit code of a gc that went to its end. */
export function gcFailure(tally: Tally, dryRun: boolean): Failure | undefined {
  const failed = totalOf(tally, 'fail');
  const { active, workspace, reference, root } = tally.braked;
  if (failed > 0)
    return new Failure({
      kind: 'partial',
      message: `${failed} rows ${dryRun ? 'cannot' : 'could not'} be collected; they are still there`,
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
