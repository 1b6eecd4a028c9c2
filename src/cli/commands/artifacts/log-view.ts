import { basename } from 'node:path';
import { failureOf } from '../../../transfer/report.ts';
import { formatPlace } from '../../../resolver/resolution.ts';
import type { UploadSource } from '../../../transfer/plan/upload-plan.ts';
import { logArtifacts as logToRun, type LogAsk } from '../../../session/log-artifacts.ts';
import type { Session } from '../../../session/session.ts';
import type { View } from '../../command.ts';
import type { PlanItem, TransferItem } from '../../output/artifacts.ts';
import { showProgress } from '../../render/progress.ts';
import { planView, uploadPlan } from './plan-view.ts';
import { inManifest, readSelection, type SelectionFlags } from './selection.ts';
import { countsText, showTransfer, skippedText, transferCounts } from './transfer-view.ts';

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
  flags: SelectionFlags,
  what: LogAsk,
): Promise<View<TransferItem> | View<PlanItem>> {
  const ask = { ...what, ...readSelection(flags) };
  if (ask.dryRun) return dryView(session, ask);
  const progress = await showProgress(session, 'logging');
  const logging = await logToRun(session, ask).catch((thrown: unknown) => {
    progress.close();
    throw thrown;
  });
  const { location } = logging.destination;
  const { redacted } = location;
  const names = ask.sources.map(nameOfSource).join(', ');
  const shown = await showTransfer(session, progress, inManifest(session, flags.manifest, logging), {
    odd: ({ path, local = path, detail = 'special' }) => `${local} is not logged: it is ${detail}`,
    done: (report) => `logged ${names} to ${redacted}: ${countsText(report)}${skippedText(report)}`,
  });
  const failure = () => failureOf(shown.report(), redacted);
  return {
    items: shown.items,
    data: () => ({ run_id: ask.runId, artifact_uri: redacted, ...transferCounts(shown.report()) }),
    text: () => [],
    quiet: () => (failure() ? [] : [`${formatPlace({ location, path: logging.at })}\n`]),
    failure,
  };
}

async function dryView(session: Session, ask: LogAsk): Promise<View<PlanItem>> {
  const { destination, plan } = await logToRun(session, ask);
  const { redacted } = destination.location;
  return planView(session, uploadPlan(await plan()), {
    done: `logged to ${redacted}`,
    fields: { run_id: ask.runId, artifact_uri: redacted },
    subject: redacted,
  });
}
