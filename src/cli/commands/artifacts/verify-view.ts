import { resolve } from 'node:path';
import { formatBytes } from '../../../core/bytes.ts';
import { Failure } from '../../../core/failure.ts';
import { openReader } from '../../../session/open-reader.ts';
import type { Session } from '../../../session/session.ts';
import { verifyArtifacts, type VerifyWatching } from '../../../session/verify-artifacts.ts';
import { openManifest } from '../../../transfer/manifest.ts';
import { createFilter } from '../../../transfer/plan/filter.ts';
import { failureOf } from '../../../transfer/report.ts';
import type { Difference } from '../../../transfer/verify/difference.ts';
import type { VerifyObserver, VerifyReport } from '../../../transfer/verify/verify.ts';
import type { View } from '../../command.ts';
import type { VerifyItem, VerifySummary } from '../../output/artifacts.ts';
import { showProgress, type Progress } from '../../render/progress.ts';
import { readPath } from './artifact-path-operand.ts';
import { beginFilling, createItemChannel, type ItemChannel } from './item-channel.ts';
import { skippedText } from './transfer-view.ts';
import { drained, linesOf } from './verify-lines.ts';

/** What the command line asks for. */
export interface VerifyFlags {
  readonly runId: string | undefined;
  readonly uri: string | undefined;
  readonly artifactPath: string | undefined;
  readonly against: string;
  readonly sizeOnly: boolean;
  readonly include: readonly string[];
  readonly exclude: readonly string[];
  readonly manifest: string | undefined;
}

/** Compares what was asked for and tells what differs. What speaks against it all is thrown before anything is shown. */
export async function verifyView(session: Session, flags: VerifyFlags): Promise<View<VerifyItem>> {
  const filter = createFilter(flags);
  const path = readPath(flags.artifactPath);
  const opened = await openReader(session, { runId: flags.runId, uri: flags.uri, path });
  const [{ location }] = opened.resolution.places;
  const against = resolve(session.world.cwd, flags.against);
  const progress = await showProgress(session, 'verifying');
  const channel = createItemChannel<VerifyItem>();
  const ask = { against, filter, sizeOnly: flags.sizeOnly };
  let report: VerifyReport | undefined;
  const compare = async (): Promise<void> => {
    try {
      const watching = {
        observer: watchedBy(session, progress, channel),
        mayGoOn: async () => channel.room(session.io.signal),
      };
      report = await inManifest(session, flags.manifest, watching, async (watched) =>
        verifyArtifacts(session, opened, ask, watched),
      );
    } finally {
      progress.close();
    }
    tellOutcome(session, report, `${location.redacted} against ${against}`);
  };
  await beginFilling(channel, compare);
  const reported = (): VerifyReport => {
    if (!report) throw new Error('the verification is not over');
    return report;
  };
  return {
    items: channel.items,
    data: () => ({
      ...(flags.runId === undefined ? {} : { run_id: flags.runId }),
      artifact_uri: location.redacted,
      local_path: against,
      ...countsOf(reported()),
    }),
    text: (items) => linesOf(items, session.bars ? () => progress.close() : undefined),
    quiet: drained,
    failure: () => verdictOf(reported(), location.redacted, against),
  };
}

async function inManifest(
  session: Session,
  file: string | undefined,
  watching: VerifyWatching,
  run: (watching: VerifyWatching) => Promise<VerifyReport>,
): Promise<VerifyReport> {
  if (file === undefined) return run(watching);
  const manifest = openManifest(resolve(session.world.cwd, file));
  let report;
  try {
    report = await run({ ...watching, observer: manifest.verifying(watching.observer) });
  } finally {
    manifest.close();
  }
  return report;
}

function watchedBy(session: Session, progress: Progress, channel: ItemChannel<VerifyItem>): VerifyObserver {
  return {
    ...progress,
    failed: (lost) => {
      progress.failed(lost);
      const { path, local, failure } = lost;
      channel.put({ path, local, error: failure.message });
      session.io.trace?.('file-failed', { path, code: failure.kind, reason: failure.message });
    },
    differs: (difference) => {
      channel.put(itemOf(difference));
      session.io.trace?.('file-differs', { path: difference.path, why: difference.why });
    },
  };
}

function itemOf({ path, local, why, bytes, localBytes, detail }: Difference): VerifyItem {
  return {
    path,
    local,
    differs: why,
    ...(bytes === undefined ? {} : { bytes }),
    ...(localBytes === undefined ? {} : { local_bytes: localBytes }),
    ...(detail === undefined ? {} : { detail }),
  };
}

function countsOf(report: VerifyReport): Omit<VerifySummary, 'run_id' | 'artifact_uri' | 'local_path'> {
  const { files, bytes, differing, differences, failed, skipped, verified } = report;
  return { files, bytes, differing, differences, failed, skipped, verified };
}

/** `12 files, 3.4 MiB, are the same, 11 by checksum, 1 by size; 2 differ: 1 missing here, 1 size`. */
function tellOutcome(session: Session, report: VerifyReport, what: string): void {
  const { files, bytes, verified, differing, differences, failed } = report;
  const proofs = Object.entries(verified)
    .filter(([, count]) => count > 0)
    .map(([proof, count]) => (proof === 'none' ? `${count} by name only` : `${count} by ${proof}`));
  const same = `${files} ${files === 1 ? 'file is' : 'files are'} the same, ${formatBytes(bytes)}`;
  const reasons = Object.entries(differences).map(([why, count]) => `${count} ${why.replace('-', ' ')}`);
  const other = differing === 0 ? '' : `; ${differing} not: ${reasons.join(', ')}`;
  const unread = failed === 0 ? '' : `; ${failed} could not be read`;
  const text = `verified ${what}: ${[same, ...proofs].join(', ')}${other}${unread}${skippedText(report)}`;
  session.event('summary', text, { files, bytes, differing, failed });
}

function verdictOf(report: VerifyReport, subject: string, against: string): Failure | undefined {
  const { differing, failed, stopped } = report;
  if (stopped || differing === 0) return failureOf(report, subject);
  const unread = failed === 0 ? '' : `, and ${failed} could not be read`;
  const names = differing === 1 ? '1 name differs' : `${differing} names differ`;
  return new Failure({
    kind: 'partial',
    message: `${names} between ${subject} and ${against}${unread}`,
    subject,
  });
}
