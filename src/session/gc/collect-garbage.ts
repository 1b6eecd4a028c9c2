import { randomUUID } from 'node:crypto';
import { Failure } from '../../core/failure.ts';
import type { Collecting } from '../../gc/collect.ts';
import { countWhere, itemsWhere } from '../../gc/items.ts';
import type { MaxDelete } from '../../gc/brakes.ts';
import { planIdOf, writePlan } from '../../gc/plan-file.ts';
import { prepare } from '../../gc/prepare.ts';
import { proveRoots } from '../../gc/roots.ts';
import { runGc, untouched, type Shard } from '../../gc/run-gc.ts';
import { openScratch, type Scratch } from '../../gc/scratch/open-scratch.ts';
import { hasIds, selectsAnything, type Selection } from '../../gc/selection.ts';
import { ARTIFACT_URI_TAG } from '../../resolver/artifact-uri-tag.ts';
import type { Collectable, CollectScope, Lock } from '../../tracking/collect.ts';
import type { Session } from '../session.ts';
import {
  closeAll,
  refuseUnknownSchema,
  stoppable,
  takeLock,
  whileOpen,
  type Garbage,
  type Opened,
  type Skipped,
} from './garbage.ts';
import { openRecords, physicalOf } from './open-records.ts';

/**
 * Items under way for each request that may be: most of them wait for a transaction that reads or erases many rows at
 * once, and the more wait the fewer there are. The stores bound the requests.
 */
const PER_WORKER = 4;

/** What gc is asked to do. */
export interface GcAsk {
  readonly selection: Selection;
  readonly applyFile?: string | undefined;
  readonly planFile?: string | undefined;
  readonly shard?: Shard | undefined;
  readonly dryRun: boolean;
  readonly allWorkspaces: boolean;
  readonly acceptMissing: boolean;
  readonly allVersions: boolean;
  readonly skipIfLocked: boolean;
  /** Whether a person is shown what would happen, and asked. */
  readonly asks?: boolean;
  readonly maxDelete?: MaxDelete | undefined;
  /** Absolute. */
  readonly artifactBase?: string | undefined;
}

async function refuseNothing(records: Collectable, scope: CollectScope, session: Session): Promise<never> {
  const { runs, models, experiments } = await records.counts(scope, session.io);
  throw new Failure({
    kind: 'usage',
    message: `nothing says what is to go: ${records.label} holds ${runs.deleted} deleted runs, ${models.deleted} deleted logged models and ${experiments.deleted} deleted experiments`,
    hint: 'take them with --older-than 30d, --run-ids, --logged-model-ids, --experiment-ids, or all of them with --all-deleted',
    subject: 'command line',
  });
}

/** Whether a person has to say yes: a terminal asks, a scheduler must have been told. @throws Failure usage */
export function needsAnswer(session: Session, ask: GcAsk): boolean {
  if (ask.dryRun || ask.planFile !== undefined || session.config.get('gc.yes')) return false;
  if (session.world.stdin.isTTY) return true;
  const { selection } = ask;
  if (!selection.allDeleted || selection.olderThan !== undefined || hasIds(selection)) return false;
  throw new Failure({
    kind: 'usage',
    message: '--all-deleted takes everything that is deleted, and nobody is there to be asked',
    hint: 'add --yes, or say how old it must be with --older-than',
    subject: '--all-deleted',
    settings: ['gc.yes'],
  });
}

async function lockOf(
  records: Collectable,
  ask: GcAsk,
  session: Session,
): Promise<Lock | Skipped | undefined> {
  if (ask.dryRun || ask.planFile !== undefined) return undefined;
  const { applyFile, shard, skipIfLocked } = ask;
  const wanted =
    applyFile !== undefined && shard
      ? ({ kind: 'shard', plan: await planIdOf(applyFile), shard: shard.index } as const)
      : ({ kind: 'exclusive' } as const);
  return takeLock(records, wanted, skipIfLocked, session);
}

async function prepareAll(session: Session, ask: GcAsk, records: Collectable, scratch: Scratch) {
  const { config, io } = session;
  const scope = scopeOf(session, ask);
  const physical = physicalOf(session, ask.artifactBase);
  const prepared = await prepare({
    records,
    scratch,
    selection: ask.selection,
    planFile: ask.applyFile,
    workspace: scope.workspace,
    locationTag: ARTIFACT_URI_TAG,
    physical,
    breakReferences: config.get('gc.breakReferences'),
    maxDelete: ask.maxDelete,
    warn: (message) => session.warn(message),
    io,
  });
  return { prepared, physical };
}

async function savePlan(
  session: Session,
  file: string,
  scratch: Scratch,
  records: Collectable,
): Promise<void> {
  const created = session.world.clock.now();
  await writePlan(file, scratch, { id: randomUUID(), created, records: records.label });
  session.notify(`the plan is in ${file}; do what it says with: mlstow gc --apply ${file}`);
}

function scopeOf(session: Session, ask: GcAsk): CollectScope {
  const all = ask.allWorkspaces || ask.applyFile !== undefined;
  const name = session.config.get('tracking.workspace') ?? 'default';
  return { workspace: all ? 'all' : { name }, tagKeys: [] };
}

/**
 * Finds out what is to go, holding the lock where it will be done.
 * @throws Failure usage (nothing selected), refused (lock, schema, --max-delete), misconfigured
 */
export async function findGarbage(session: Session, ask: GcAsk): Promise<Garbage | Skipped> {
  return whileOpen((opened) => find(session, ask, opened));
}

async function find(session: Session, ask: GcAsk, opened: Opened): Promise<Garbage | Skipped> {
  const { config, world, io, workers } = session;
  const { records, close } = await openRecords(session);
  opened.push(close);
  if (ask.applyFile === undefined && !selectsAnything(ask.selection))
    await refuseNothing(records, scopeOf(session, ask), session);
  const deletes = !ask.dryRun && ask.planFile === undefined;
  if (deletes) refuseUnknownSchema(records, config.get('gc.acceptSchema'));
  const lock = await lockOf(records, ask, session);
  if (lock === 'locked') return lock;
  if (lock) opened.push(() => lock.release());
  const scratch = await openScratch();
  opened.push(() => scratch.close());
  const { prepared, physical } = await prepareAll(session, ask, records, scratch);
  const stores = await session.stores();
  const { signal, stop } = stoppable(session, records.label);
  const collecting: Collecting = {
    records,
    scratch,
    physical,
    open: (location) => stores.at(location),
    locationTag: ARTIFACT_URI_TAG,
    acceptMissing: ask.acceptMissing,
    breakReferences: config.get('gc.breakReferences'),
    allVersions: ask.allVersions,
    width: workers * PER_WORKER,
    clock: world.clock,
    warn: (message) => session.warn(message),
    io: { ...io, signal },
  };
  if (!ask.acceptMissing && (!deletes || ask.asks === true)) await proveRoots(collecting);
  if (ask.planFile !== undefined) await savePlan(session, ask.planFile, scratch, records);
  return {
    mode: 'rows',
    label: records.label,
    leftOut: prepared.leftOut,
    going: countWhere(scratch, "action = 'delete'"),
    planned: function* () {
      for (const item of itemsWhere(scratch, 'true')) yield untouched(item);
    },
    collect: (tell) => runGc(collecting, tell, ask.shard),
    signal,
    stop,
    close: () => closeAll(opened),
  };
}
