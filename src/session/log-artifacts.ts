import { resolve } from 'node:path';
import type { ArtifactStore } from '../artifacts/store.ts';
import type { Under } from '../core/artifact-path.ts';
import { Failure } from '../core/failure.ts';
import { markAtOnce } from '../core/mark-at-once.ts';
import { stockTrouble } from '../core/stock-names.ts';
import type { Destination } from '../resolver/resolution.ts';
import { checkShared, checkTrackingUnderAirflow } from '../resolver/shared-rule.ts';
import type { IfExists, Planned, UploadFile } from '../transfer/items.ts';
import { decideUploads } from '../transfer/plan/decide-uploads.ts';
import type { Filter } from '../transfer/plan/filter.ts';
import { planUploads, type UploadRoot, type UploadSource } from '../transfer/plan/upload-plan.ts';
import type { Report } from '../transfer/report.ts';
import { uploadedBefore } from '../transfer/run/intents.ts';
import { runUploads } from '../transfer/run/upload.ts';
import type { Session } from './session.ts';
import {
  keptBy,
  partRule,
  transferOptions,
  warnOfPace,
  type Resume,
  type Watching,
} from './transfer-options.ts';

/** What is to be logged, and how. */
export interface LogAsk {
  readonly runId: string;
  readonly under: Under;
  readonly sources: readonly UploadSource[];
  readonly filter?: Filter;
  readonly ifExists?: IfExists;
  readonly resume?: Resume;
  /** Only tell what would happen: nothing is written, neither at the destination nor on the run. */
  readonly dryRun?: boolean;
}

/** What is ready to be logged, and where it goes. */
export interface Logging {
  readonly destination: Destination;
  /** Where the one source is stored; the folder that several go to. */
  readonly at: Under;
  /** Moves the bytes. @throws Failure before the first one, when the plan tells that it would go wrong */
  run(watching: Watching): Promise<Report>;
  /** What would happen, the destination being looked at. @throws Failure as `run` before the first byte */
  readonly plan: () => Promise<AsyncIterable<Planned<UploadFile>>>;
}

/**
 * Prepares to log sources to a run: resolves where they go, checks that this is a place where they stay and that it can
 * hold their names, and records the place on the run when it is not the run's own.
 * @throws Failure when any of this tells that artifacts would be lost; nothing was written then
 */
export async function logArtifacts(session: Session, ask: LogAsk): Promise<Logging> {
  const rule = await session.sharedRule();
  checkTrackingUnderAirflow(rule);
  const resolver = await session.resolver('write');
  const destination = await resolver.destination(ask.runId, session.io);
  const aim = { under: ask.under, cwd: session.world.cwd, ...(ask.filter ? { filter: ask.filter } : {}) };
  const roots = await planUploads(ask.sources, aim, session.io.signal);
  const tracking = await session.tracking('write');
  const known = destination.own ? { runId: ask.runId, mayProbe: ask.dryRun !== true } : undefined;
  const fitness = await checkShared(destination.declared, tracking, rule, session.io, known);
  session.io.trace?.('placed', { at: destination.location.redacted, because: fitness });
  const stores = await session.stores();
  const store = await stores.at(destination.location);
  await checkNames(roots, store, session);
  if (fitness === 'to be probed') {
    session.warn(
      `whether the tracking server sees ${destination.location.redacted} is found out by a probe file`,
    );
  }
  if (ask.dryRun !== true) {
    await warnOfOrigin(session, destination, ask.sources);
    await recordPlace(session, destination);
  }
  const ifExists = ask.ifExists ?? 'overwrite';
  const [only, ...others] = roots;
  return {
    destination,
    at: only && others.length === 0 ? only.path : ask.under,
    plan: async () => decideUploads(roots, store, { ifExists, look: true }, session.io),
    run: async (watching) => runLog(session, ask, { store, roots, destination }, watching),
  };
}

async function runLog(
  session: Session,
  ask: LogAsk,
  {
    store,
    roots,
    destination,
  }: { store: ArtifactStore; roots: readonly UploadRoot[]; destination: Destination },
  watching: Watching,
): Promise<Report> {
  markAtOnce();
  const options = await transferOptions(session, watching, ask.resume ?? 'usual', {
    direction: 'upload',
    backend: store.backend,
    target: `${destination.location.redacted}/${ask.under}`,
    sources: ask.sources.map((source) => nameOfSource(source, session.world.cwd)),
  });
  if (store.bulk) warnOfPace(session, store.label);
  const all = { ...options, parts: partRule(session), under: ask.under };
  const isOurs = options.journal ? uploadedBefore(options.journal) : undefined;
  const policy = { ifExists: ask.ifExists ?? 'overwrite', look: false, isOurs };
  const report = await keptBy(options.journal, async () => {
    const planned = await decideUploads(roots, store, policy, session.io);
    return runUploads(store, planned, all, session.io);
  });
  if (report.foldersLeftOut > 0) {
    const folders = report.foldersLeftOut === 1 ? 'folder is' : 'folders are';
    session.notify(
      `${report.foldersLeftOut} empty ${folders} not kept: ${store.label} has no folders of its own`,
    );
  }
  return report;
}

function nameOfSource(source: UploadSource, cwd: string): string {
  if (source.kind === 'stream') return `-/${source.name}`;
  return `${resolve(cwd, source.path)}${source.contentsOnly ? '/' : ''}`;
}

/** Refuses names that the store cannot hold, and warns of those that others will not find again. */
async function checkNames(
  roots: readonly UploadRoot[],
  store: ArtifactStore,
  session: Session,
): Promise<void> {
  for (const root of roots) {
    for await (const { path, local } of root.names(session.io.signal)) {
      const reason = store.accepts(path);
      if (reason !== undefined) {
        throw new Failure({
          kind: 'invalid',
          message: `${local} cannot be stored as ${path} at ${store.label}: ${reason}`,
          hint: 'rename it; nothing has been logged',
          subject: path,
        });
      }
      const trouble = stockTrouble(path);
      if (trouble !== undefined)
        session.warn(`stock MLflow will not find ${JSON.stringify(path)} again: ${trouble}`);
    }
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
