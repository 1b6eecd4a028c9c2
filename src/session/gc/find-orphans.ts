import type { ArtifactStore } from '../../artifacts/store.ts';
import { Failure } from '../../core/failure.ts';
import type { Location } from '../../core/location.ts';
import { readMaxDelete } from '../../gc/brakes.ts';
import { createClearing } from '../../gc/clear-subtree.ts';
import { doAll } from '../../gc/do-all.ts';
import { collectOrphan, toldOrphan, type Sweeping } from '../../gc/orphans/collect-orphan.ts';
import { judgeOrphans } from '../../gc/orphans/judge-orphans.ts';
import { countFound, orphansIn, tooMany } from '../../gc/orphans/orphans.ts';
import { survey } from '../../gc/orphans/survey.ts';
import { indexReferences } from '../../gc/references.ts';
import { openScratch, type Scratch } from '../../gc/scratch/open-scratch.ts';
import { ARTIFACT_URI_TAG } from '../../resolver/artifact-uri-tag.ts';
import type { Collectable } from '../../tracking/collect.ts';
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
import { openRecords, physicalOf, typedRoot } from './open-records.ts';
import type { SweepAsk } from './sweep-ask.ts';

/** The most that goes unless told. */
const MOST = '10%';

async function refuseEmpty(records: Collectable, session: Session): Promise<void> {
  const { runs } = await records.counts({ workspace: 'all', tagKeys: [] }, session.io);
  if (runs.all > 0) return;
  throw new Failure({
    kind: 'refused',
    message: `${records.label} records no run at all: everything would look like an orphan`,
    hint: 'check the database; mlstow runs list shows what is in it',
    subject: records.label,
  });
}

/** Every database whose rows may own what is at the root; each holds runs. */
async function openDatabases(
  session: Session,
  ask: SweepAsk,
  opened: Opened,
): Promise<readonly [Collectable, ...Collectable[]]> {
  const own = await openRecords(session);
  opened.push(own.close);
  await refuseEmpty(own.records, session);
  const others: Collectable[] = [];
  for (const uri of ask.alsoBackends) {
    const { records, close } = await openRecords(session, uri);
    opened.push(close);
    await refuseEmpty(records, session);
    others.push(records);
  }
  return [own.records, ...others];
}

interface Surveyed {
  readonly databases: readonly [Collectable, ...Collectable[]];
  readonly store: ArtifactStore;
  readonly root: Location;
  readonly scratch: Scratch;
  readonly before: number;
}

/** Lists the root before the databases are read: what is recorded meanwhile is known, what is written meanwhile is young. */
async function look(session: Session, ask: SweepAsk, surveyed: Surveyed): Promise<void> {
  const { databases, store, root, scratch, before } = surveyed;
  const { io } = session;
  await survey(store, scratch, io);
  const physical = physicalOf(session, ask.artifactBase);
  for (const records of databases) await indexReferences(records, ARTIFACT_URI_TAG, physical, scratch, io);
  await judgeOrphans({ scratch, databases, root, before, io });
}

/** By the clock that is behind. */
async function thresholdOf(records: Collectable, session: Session, olderThan: number): Promise<number> {
  return Math.min(await records.now(session.io), session.world.clock.now()) - olderThan;
}

function sayWhatIsSeen(session: Session, databases: readonly Collectable[], root: Location): void {
  const names = databases.map(({ label }) => label).join(', ');
  session.warn(
    `orphans at ${root.redacted} are what is not recorded in ${names}; what another database records there looks like one, so name each with --also-backend`,
  );
}

async function find(session: Session, ask: SweepAsk, opened: Opened): Promise<Garbage | Skipped> {
  const { io, workers, world } = session;
  const databases = await openDatabases(session, ask, opened);
  const [records] = databases;
  const root = await typedRoot(session, ask.root ?? '');
  sayWhatIsSeen(session, databases, root);
  if (ask.deletes) {
    for (const each of databases) refuseUnknownSchema(each, session.config.get('gc.acceptSchema'));
    const lock = await takeLock(records, { kind: 'exclusive' }, ask.skipIfLocked, session);
    if (lock === 'locked') return lock;
    opened.push(() => lock.release());
  }
  const scratch = await openScratch();
  opened.push(() => scratch.close());
  const store = await (await session.stores()).at(root);
  const before = await thresholdOf(records, session, ask.olderThan);
  await look(session, ask, { databases, store, root, scratch, before });
  const found = countFound(scratch);
  const refusal = tooMany(ask.maxDelete ?? readMaxDelete(MOST), found);
  if (refusal && ask.deletes) throw refusal;
  if (refusal) session.warn(`with --yes this would be refused: ${refusal.message}`);
  const { signal, stop } = stoppable(session, root.redacted);
  const inner = { ...io, signal };
  const clear = createClearing({
    allVersions: ask.allVersions,
    warn: (message) => session.warn(message),
    io: inner,
  });
  const sweeping: Sweeping = { store, root, databases, before, clear, io: inner };
  return {
    mode: 'orphans',
    label: root.redacted,
    leftOut: found.leftOut,
    going: found.orphans,
    planned: function* () {
      for (const orphan of orphansIn(scratch)) {
        const { objects, bytes } = orphan;
        yield { item: toldOrphan(orphan, root), action: 'delete', objects, bytes };
      }
    },
    collect: (tell) =>
      doAll(orphansIn(scratch), async (orphan) => tell(await collectOrphan(orphan, sweeping)), {
        width: workers,
        clock: world.clock,
        io: sweeping.io,
      }),
    signal,
    stop,
    close: () => closeAll(opened),
  };
}

/**
 * Finds what lies at a root in places of runs, models and traces that no database records.
 * @throws Failure refused (a database without runs, a listing that failed, --max-delete, the lock), unsupported
 */
export async function findOrphans(session: Session, ask: SweepAsk): Promise<Garbage | Skipped> {
  return whileOpen((opened) => find(session, ask, opened));
}
