import { formatBytes } from '../../../core/bytes.ts';
import type { Session } from '../../../session/session.ts';
import type { Watching } from '../../../session/transfer-options.ts';
import type { Skipped } from '../../../transfer/items.ts';
import type { Lost, Moved, Observer, Report } from '../../../transfer/report.ts';
import type { TransferItem, TransferSummary } from '../../output/artifacts.ts';
import type { Progress } from '../../render/progress.ts';
import { beginFilling, createItemChannel, type ItemChannel } from './item-channel.ts';

/** A transfer whose files are shown while it runs. */
export interface Shown {
  /** Ends with the transfer; none where nobody shows them. */
  readonly items: AsyncIterable<TransferItem> | Iterable<TransferItem>;
  /** Known once the items ended. */
  report(): Report;
}

/** What is told of a transfer on stderr. */
export interface Words {
  /** Of a thing that is left alone although nobody said so: a socket, say. */
  readonly odd: (skipped: Skipped) => string;
  /** Of the whole, at its end. */
  readonly done: (report: Report) => string;
}

/** How many files that are left alone and should not be there get a warning each. */
const MOST_WARNINGS = 20;

/**
 * Runs a transfer. Where its files are shown (`--output json`), this resolves as soon as the first one is known, so that
 * what fails before the first byte is thrown here; else when the transfer is over.
 */
export async function showTransfer(
  session: Session,
  progress: Progress,
  transfer: { run(watching: Watching): Promise<Report> },
  words: Words,
): Promise<Shown> {
  let report: Report | undefined;
  const channel = session.mode === 'text' ? undefined : createItemChannel<TransferItem>();
  const observer = watchedBy(session, progress, channel, words);
  const mayGoOn = channel ? { mayGoOn: async () => channel.room(session.io.signal) } : {};
  const run = async (): Promise<void> => {
    try {
      report = await transfer.run({ observer, ...mayGoOn });
    } finally {
      progress.close();
    }
    tellOutcome(session, report, words.done(report));
  };
  const reported = (): Report => {
    if (!report) throw new Error('the transfer is not over');
    return report;
  };
  if (!channel) {
    await run();
    return { items: [], report: reported };
  }
  await beginFilling(channel, run);
  return { items: channel.items, report: reported };
}

function watchedBy(
  session: Session,
  progress: Progress,
  channel: ItemChannel<TransferItem> | undefined,
  { odd }: Words,
): Observer {
  let warnings = 0;
  return {
    ...progress,
    done: (moved) => {
      progress.done(moved);
      channel?.put(movedItem(moved));
      const { path, bytes, proof } = moved;
      session.io.trace?.('file-done', { path, bytes, verified: proof });
    },
    failed: (lost) => {
      progress.failed(lost);
      channel?.put(lostItem(lost));
      const { path, failure } = lost;
      session.io.trace?.('file-failed', { path, code: failure.kind, reason: failure.message });
    },
    skipped: (skipped) => {
      progress.skipped(skipped);
      channel?.put(skippedItem(skipped));
      session.io.trace?.('file-skipped', { path: skipped.path, why: skipped.why });
      if (skipped.why !== 'special' && skipped.why !== 'left-over') return;
      warnings += 1;
      if (warnings <= MOST_WARNINGS) session.warn(odd(skipped));
    },
  };
}

function movedItem({ path, local, bytes, proof }: Moved): TransferItem {
  return { path, local, bytes, verified: proof };
}

function lostItem({ path, local, failure }: Lost): TransferItem {
  return { path, local, error: failure.message };
}

function skippedItem({ path, local = '', bytes, why }: Skipped): TransferItem {
  return { path, local, ...(bytes === undefined ? {} : { bytes }), skipped: why };
}

/** The counts of a report. */
export function transferCounts({
  files,
  bytes,
  failed,
  skipped,
  verified,
}: Report): Pick<TransferSummary, 'files' | 'bytes' | 'failed' | 'skipped' | 'verified'> {
  return { files, bytes, failed, skipped, verified };
}

/** `12 files, 3.4 MiB, verified 10 by checksum, 2 by size`, for the last line on stderr. */
export function countsText(report: Report): string {
  const { files, bytes, verified, failed } = report;
  const proofs = [
    ...(verified.checksum > 0 ? [`${verified.checksum} by checksum`] : []),
    ...(verified.size > 0 ? [`${verified.size} by size`] : []),
    ...(verified.none > 0 ? [`${verified.none} not verified`] : []),
  ];
  const how = proofs.length > 0 ? `, verified ${proofs.join(', ')}` : '';
  const missing = failed === 0 ? '' : `; ${failed} did not arrive`;
  const counted = `${files} ${files === 1 ? 'file' : 'files'}, ${formatBytes(bytes)}`;
  return `${counted}${how}${missing}`;
}

/** `; 3 skipped: 2 same, 1 excluded`, for the end of that line; empty when nothing was. */
export function skippedText({ skipped }: Report): string {
  const reasons = Object.entries(skipped).filter(([, count]) => count > 0);
  if (reasons.length === 0) return '';
  const total = reasons.reduce((sum, [, count]) => sum + count, 0);
  return `; ${total} skipped: ${reasons.map(([why, count]) => `${count} ${why.replace('-', ' ')}`).join(', ')}`;
}

/** Files that failed by themselves, not because the command was stopped. */
function broken(report: Report): Report['lost'] {
  return report.lost.filter(({ failure }) => failure.kind !== 'cancelled' && failure.kind !== 'deadline');
}

/** One line for each file that failed by itself; none for a single one, which the failure names. */
function lostLines(report: Report, most = 20): readonly string[] {
  const failed = broken(report);
  if (report.failed === 1) return [];
  const lines = failed.slice(0, most).map(({ path, failure }) => `failed: ${path}: ${failure.message}`);
  const more = report.failed - report.lost.length + failed.length - lines.length;
  return more > 0 ? [...lines, `failed: and ${more} more`] : lines;
}

/** Tells on stderr what arrived and what did not; when nothing arrived the failure says it all. */
function tellOutcome(session: Session, report: Report, done: string): void {
  for (const line of lostLines(report)) session.notify(line);
  if (report.files === 0 && report.failed > 0) return;
  const { files, bytes, failed, skipped } = report;
  const left = Object.values(skipped).reduce((sum, count) => sum + count, 0);
  session.event('summary', done, { files, bytes, failed, skipped: left });
}
