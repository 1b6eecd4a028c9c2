import type { Location } from '../../core/location.ts';
import { doAll } from '../../gc/do-all.ts';
import { rootsIn } from '../../gc/uploads/roots-in.ts';
import { discardUpload, findUploads, plannedUpload, type Looking } from '../../gc/uploads/uploads.ts';
import { ARTIFACT_URI_TAG } from '../../resolver/artifact-uri-tag.ts';
import type { Session } from '../session.ts';
import { closeAll, stoppable, whileOpen, type Garbage, type Opened, type Skipped } from './garbage.ts';
import { openRecords, physicalOf, typedRoot } from './open-records.ts';
import type { SweepAsk } from './sweep-ask.ts';

/** The root that was given, or those that the database names. */
async function rootsOf(session: Session, ask: SweepAsk, opened: Opened): Promise<readonly Location[]> {
  if (ask.root !== undefined) return [await typedRoot(session, ask.root)];
  const { records, close } = await openRecords(session);
  opened.push(close);
  const physical = physicalOf(session, ask.artifactBase);
  return rootsIn(records, ARTIFACT_URI_TAG, physical, (message) => session.warn(message), session.io);
}

async function find(session: Session, ask: SweepAsk, opened: Opened): Promise<Garbage> {
  const { io, workers, world } = session;
  const roots = await rootsOf(session, ask, opened);
  const label = roots.map(({ redacted }) => redacted).join(', ');
  const stores = await session.stores();
  const { signal, stop } = stoppable(session, label);
  const inner = { ...io, signal };
  const before = world.clock.now() - ask.olderThan;
  const spared = { young: 0, undated: 0, elsewhere: 0 };
  const looking: Looking = {
    roots,
    open: (root) => stores.at(root),
    before,
    includeUndated: ask.includeUndated,
    spared,
    notify: (message) => session.notify(message),
    io: inner,
  };
  return {
    mode: 'incomplete-uploads',
    label,
    leftOut: spared,
    going: 0,
    planned: async function* () {
      for await (const found of findUploads(looking))
        yield 'unfinished' in found ? plannedUpload(found) : found;
    },
    collect: (tell) =>
      doAll(
        findUploads(looking),
        async (found) => tell('unfinished' in found ? await discardUpload(found, before, inner) : found),
        { width: workers, clock: world.clock, io: inner },
      ),
    signal,
    stop,
    close: () => closeAll(opened),
  };
}

/** Finds uploads that were begun long ago and never finished. @throws Failure misconfigured, not-found */
export async function findUploadsLeft(session: Session, ask: SweepAsk): Promise<Garbage | Skipped> {
  return whileOpen((opened) => find(session, ask, opened));
}
