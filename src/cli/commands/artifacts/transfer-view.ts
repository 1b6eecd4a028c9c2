import { formatBytes } from '../../../core/bytes.ts';
import type { Session } from '../../../session/session.ts';
import type { Report } from '../../../transfer/report.ts';
import type { TransferItem, TransferSummary } from '../../output/artifacts.ts';

/** The files of a report, those that arrived first. */
export function* transferItems(report: Report): Generator<TransferItem> {
  for (const { path, local, bytes, proof } of report.moved) yield { path, local, bytes, verified: proof };
  for (const { path, local, failure } of report.lost) yield { path, local, error: failure.message };
}

/** The counts of a report. */
export function transferCounts(
  report: Report,
): Pick<TransferSummary, 'files' | 'bytes' | 'failed' | 'verified'> {
  const by = (proof: string): number => report.moved.filter((each) => each.proof === proof).length;
  return {
    files: report.moved.length,
    bytes: report.bytes,
    failed: report.lost.length,
    verified: { checksum: by('checksum'), size: by('size'), none: by('none') },
  };
}

/** `12 files, 3.4 MiB (10 by checksum, 2 by size)`, for the last line on stderr. */
export function countsText(report: Report): string {
  const { files, bytes, verified } = transferCounts(report);
  const proofs = [
    ...(verified.checksum > 0 ? [`${verified.checksum} by checksum`] : []),
    ...(verified.size > 0 ? [`${verified.size} by size`] : []),
    ...(verified.none > 0 ? [`${verified.none} not verified`] : []),
  ];
  const how = proofs.length > 0 ? `, verified ${proofs.join(', ')}` : '';
  const missing = report.lost.length === 0 ? '' : `; ${report.lost.length} did not arrive`;
  return `${files} ${files === 1 ? 'file' : 'files'}, ${formatBytes(bytes)}${how}${missing}`;
}

/** Files that failed by themselves, not because the command was stopped. */
function broken(report: Report): Report['lost'] {
  return report.lost.filter(({ failure }) => failure.kind !== 'cancelled' && failure.kind !== 'deadline');
}

/** One line for each file that failed by itself; none for a single one, which the failure names. */
function lostLines(report: Report, most = 20): readonly string[] {
  const failed = broken(report);
  if (report.lost.length === 1) return [];
  const lines = failed.slice(0, most).map(({ path, failure }) => `failed: ${path}: ${failure.message}`);
  const more = failed.length - lines.length;
  return more > 0 ? [...lines, `failed: and ${more} more`] : lines;
}

/** Tells on stderr what arrived and what did not; when nothing arrived the failure says it all. */
export function tellOutcome(session: Session, report: Report, done: string): void {
  for (const line of lostLines(report)) session.notify(line);
  if (report.moved.length > 0 || report.lost.length === 0) session.notify(done);
}
