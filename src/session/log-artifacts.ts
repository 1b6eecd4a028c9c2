import { resolve } from 'node:path';
import type { ArtifactStore } from '../artifacts/store.ts';
import type { Under } from '../core/artifact-path.ts';
import { Failure } from '../core/failure.ts';
import { stockTrouble } from '../core/stock-names.ts';
import type { Destination } from '../resolver/resolution.ts';
import { checkShared, checkTrackingUnderAirflow } from '../resolver/shared-rule.ts';
import { planUploads, type UploadPlan, type UploadSource } from '../transfer/plan-uploads.ts';
import type { Observer, Report } from '../transfer/report.ts';
import { runUploads } from '../transfer/upload.ts';
import type { Session } from './session.ts';

/** What was logged, and where. */
export interface Logged {
  readonly destination: Destination;
  readonly plan: UploadPlan;
  readonly report: Report;
}

/**
 * Logs sources to a run: resolves where they go, checks that this is a place where they stay, plans, records the place
 * on the run when it is not the run's own, then moves the bytes.
 * @throws Failure before the first byte, when any of this tells that artifacts would be lost
 */
export async function logArtifacts(
  session: Session,
  ask: { readonly runId: string; readonly under: Under; readonly sources: readonly UploadSource[] },
  observer: Observer,
): Promise<Logged> {
  const rule = await session.sharedRule();
  checkTrackingUnderAirflow(rule);
  const resolver = await session.resolver('write');
  const destination = await resolver.destination(ask.runId, session.io);
  const plan = await planUploads(ask.sources, ask.under, session.world.cwd);
  const tracking = await session.tracking('write');
  const known = destination.own ? { runId: ask.runId } : undefined;
  const fitness = await checkShared(destination.declared, tracking, rule, session.io, known);
  session.io.trace?.('placed', { at: destination.location.redacted, because: fitness });
  const stores = await session.stores();
  const store = await stores.at(destination.location);
  refuseNames(plan, store);
  warnOfNames(plan, session);
  await warnOfOrigin(session, destination, ask.sources);
  await recordPlace(session, destination);
  const report = await runUploads(store, plan.uploads, { workers: session.workers, observer }, session.io);
  await keepEmptyFolders(session, store, plan);
  for (const { file, reason } of plan.skipped) session.warn(`${file} is not logged: it is ${reason}`);
  return { destination, plan, report };
}

function refuseNames(plan: UploadPlan, store: ArtifactStore): void {
  for (const { path, local } of plan.uploads) {
    const reason = store.accepts(path);
    if (reason === undefined) continue;
    throw new Failure({
      kind: 'invalid',
      message: `${local} cannot be stored as ${path} at ${store.label}: ${reason}`,
      hint: 'rename it; nothing has been logged',
      subject: path,
    });
  }
}

function warnOfNames(plan: UploadPlan, session: Session): void {
  for (const { path } of plan.uploads) {
    const trouble = stockTrouble(path);
    if (trouble !== undefined)
      session.warn(`stock MLflow will not find ${JSON.stringify(path)} again: ${trouble}`);
  }
}

/**
 * A run that retries share by an idempotency key is easily shared by more than they: a mapped task without its map
 * index, say. Whoever logs first is recorded, and another source or host is worth a warning.
 */
async function warnOfOrigin(
  session: Session,
  destination: Destination,
  sources: readonly UploadSource[],
): Promise<void> {
  const { tags, info } = destination.run;
  if (tags['mlstow.idempotencyKey'] === undefined) return;
  const [first] = sources;
  const path = first?.kind === 'path' ? resolve(session.world.cwd, first.path) : '-';
  const { hostname } = await session.sharedRule();
  const tracking = await session.tracking('write');
  for (const [key, here] of [
    ['mlstow.sourceHost', hostname],
    ['mlstow.sourcePath', path],
  ] as const) {
    const before = tags[key];
    if (before === undefined) await tracking.runs.setTag(info.runId, key, here, session.io);
    else if (before !== here)
      session.warn(`run ${info.runId} got its first artifacts from ${before}, these come from ${here}`);
  }
}

async function recordPlace(session: Session, { tag, run, location }: Destination): Promise<void> {
  if (!tag) return;
  if (run.tags[tag.key] !== tag.value) {
    const tracking = await session.tracking('write');
    await tracking.runs.setTag(run.info.runId, tag.key, tag.value, session.io);
  }
  session.warn(
    `artifacts go to ${location.redacted} because of MLFLOW_ARTIFACT_URI; stock MLflow clients read only the run's own URI`,
  );
}

async function keepEmptyFolders(session: Session, store: ArtifactStore, plan: UploadPlan): Promise<void> {
  if (plan.emptyFolders.length === 0) return;
  if (!store.makeDirectory) {
    session.notify(
      `${plan.emptyFolders.length} empty ${plan.emptyFolders.length === 1 ? 'folder is' : 'folders are'} not kept: ${store.label} has no folders of its own`,
    );
    return;
  }
  for (const path of plan.emptyFolders) await store.makeDirectory(path, session.io);
}
