import { formatBytes } from '../../../core/bytes.ts';
import { Failure } from '../../../core/failure.ts';
import { redactUri } from '../../../core/redact.ts';
import type { Outcome } from '../../../gc/item.ts';
import { totalOf, type Tally } from '../../../gc/tally.ts';
import type { GcItem } from '../../output/gc.ts';
import { countOf } from './gc-summary.ts';

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
  return kind === 'upload'
    ? ` (${formatBytes(bytes)})`
    : ` (${countOf(objects, 'object')}, ${formatBytes(bytes)})`;
}

/** One line for one row; of what would go also where its files are, for whoever decides about it. */
export function gcLine(
  { kind, id, action, reason, objects, bytes, artifact_uri: uri }: GcItem,
  dryRun: boolean,
): string {
  const would = dryRun && action === 'delete';
  const word = would ? 'would delete' : DONE[action];
  const place = would && uri !== null ? ` at ${uri}` : '';
  const size = action === 'delete' && (!dryRun || objects > 0) ? sizeOf(kind, objects, bytes) : '';
  return `${word} ${kind} ${id}${place}${size}${reason === undefined ? '' : `: ${reason}`}\n`;
}

/** What decides the exit code of a gc that went to its end. */
export function gcFailure(tally: Tally, dryRun: boolean): Failure | undefined {
  const failed = totalOf(tally, 'fail');
  const { active, workspace, reference, root } = tally.braked;
  if (failed > 0)
    return new Failure({
      kind: 'partial',
      message: `${countOf(failed, 'item')} ${dryRun ? 'cannot' : 'could not'} be collected and ${failed === 1 ? 'is' : 'are'} still there`,
      hint: 'the lines above tell why of each; run gc again when that is mended',
      subject: 'gc',
    });
  if (active > 0)
    return new Failure({
      kind: 'partial',
      message: `of the ids given ${countOf(active, 'row')} ${active === 1 ? 'is active and was' : 'are active and were'} kept`,
      hint: 'delete them first with: mlstow runs delete --run-id ID',
      subject: 'gc',
    });
  if (workspace > 0)
    return new Failure({
      kind: 'partial',
      message: `of the ids given ${countOf(workspace, 'row')} ${workspace === 1 ? 'is in another workspace and was' : 'are in another workspace and were'} kept`,
      hint: 'name it with --workspace, or take --all-workspaces',
      subject: 'gc',
    });
  if (root > 0)
    return new Failure({
      kind: 'refused',
      message: `${countOf(root, 'row')} ${root === 1 ? 'was' : 'were'} kept: nothing proves that the artifact root is the right one`,
      hint: 'check the mount, the endpoint and --artifacts-destination; --accept-missing goes on nevertheless',
      subject: 'gc',
    });
  if (reference > 0)
    return new Failure({
      kind: 'refused',
      message: `of the ids given ${countOf(reference, 'row')} ${reference === 1 ? 'is still needed and was' : 'are still needed and were'} kept`,
      hint: 'the lines above tell by whom; --break-references deletes them nevertheless',
      subject: 'gc',
    });
  return undefined;
}
