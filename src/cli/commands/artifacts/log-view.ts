import { basename } from 'node:path';
import { failureOf } from '../../../transfer/report.ts';
import type { UploadSource } from '../../../transfer/plan-uploads.ts';
import type { Under } from '../../../core/artifact-path.ts';
import { logArtifacts as logToRun } from '../../../session/log-artifacts.ts';
import type { Session } from '../../../session/session.ts';
import type { View } from '../../command.ts';
import type { TransferItem } from '../../output/artifacts.ts';
import { showProgress } from '../../render/progress.ts';
import { countsText, tellOutcome, transferCounts, transferItems } from './transfer-view.ts';

/** What the summary calls the sources: `model/`, `contents of model/`, `standard input`. */
function nameOfSource(source: UploadSource): string {
  if (source.kind === 'stream') return 'standard input';
  return source.contentsOnly
    ? `contents of ${basename(source.path.replace(/\/+$/, '')) || source.path}/`
    : source.path;
}

/** Logs sources to a run and tells what happened: nothing on stdout in text mode, as mlflow. */
export async function logView(
  session: Session,
  ask: { readonly runId: string; readonly under: Under; readonly sources: readonly UploadSource[] },
): Promise<View<TransferItem>> {
  const progress = await showProgress(session, 'logging');
  const { destination, report } = await logToRun(session, ask, progress).finally(() => progress.close());
  const { redacted } = destination.location;
  const names = ask.sources.map(nameOfSource).join(', ');
  tellOutcome(session, report, `logged ${names} to ${redacted}: ${countsText(report)}`);
  const failure = failureOf(report, redacted);
  return {
    items: transferItems(report),
    data: () => ({ run_id: ask.runId, artifact_uri: redacted, ...transferCounts(report) }),
    text: () => [],
    quiet: () => (failure ? [] : [`${ask.under === '' ? redacted : `${redacted}/${ask.under}`}\n`]),
    failure: () => failure,
  };
}
