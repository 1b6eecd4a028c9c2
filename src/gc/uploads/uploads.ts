import type { ArtifactStore, Unfinished } from '../../artifacts/store.ts';
import { parentOf } from '../../core/artifact-path.ts';
import { asFailure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import { appendToLocation, type Location } from '../../core/location.ts';
import type { Outcome, Told } from '../item.ts';
import { shapedOf } from '../orphans/shape.ts';

/** Why an unfinished upload is left as it is. */
export type Spared = 'young' | 'undated' | 'elsewhere';

/** Where unfinished uploads are looked for. */
export interface Looking {
  readonly roots: readonly Location[];
  readonly open: (root: Location) => Promise<ArtifactStore>;
  /** What was begun later is left, in ms since the epoch. */
  readonly before: number;
  /** Whether those go too of which the store does not tell when they were begun. */
  readonly includeUndated: boolean;
  /** Counted while the listing goes on. */
  readonly spared: Record<Spared, number>;
  readonly notify: (message: string) => void;
  readonly io: Io;
}

/** An upload that is old enough. */
export interface Upload {
  readonly root: Location;
  readonly store: ArtifactStore;
  readonly unfinished: Unfinished;
}

function isOld({ started }: Unfinished, before: number): boolean {
  return started !== undefined && started.getTime() <= before;
}

function spare(unfinished: Unfinished, { before, includeUndated }: Looking): Spared | undefined {
  if (!shapedOf(unfinished.path)) return 'elsewhere';
  if (unfinished.started === undefined) return includeUndated ? undefined : 'undated';
  return isOld(unfinished, before) ? undefined : 'young';
}

function outcome(told: Told, end: Omit<Outcome, 'item' | 'objects'>): Outcome {
  return { item: told, objects: 0, ...end };
}

function toldOf({ root, unfinished }: Pick<Upload, 'root' | 'unfinished'>): Told {
  const { path } = unfinished;
  const uri = appendToLocation(root, path).redacted;
  return { kind: 'upload', id: path, experimentId: shapedOf(path)?.experimentId ?? '', uri, named: false };
}

/** A root that cannot be listed is an outcome of its own; the others are looked at. */
function failedRoot(root: Location, thrown: unknown): Outcome {
  const { message } = asFailure(thrown, root.redacted);
  const told = {
    kind: 'upload',
    id: root.redacted,
    experimentId: '',
    uri: root.redacted,
    named: false,
  } as const;
  return outcome(told, { action: 'fail', reason: message, bytes: 0 });
}

function tellUndated(root: Location, count: number): string {
  return count === 1
    ? `${root.redacted}: 1 unfinished upload is left, as nothing tells when it was begun; --include-undated takes it, even if it is under way`
    : `${root.redacted}: ${count} unfinished uploads are left, as nothing tells when they were begun; --include-undated takes them, also those under way`;
}

async function* uploadsAt(root: Location, looking: Looking): AsyncGenerator<Upload> {
  const { open, spared, notify, io } = looking;
  const store = await open(root);
  if (!store.incomplete) {
    notify(`${root.redacted} does not tell of unfinished uploads`);
    return;
  }
  const before = spared.undated;
  for await (const page of store.incomplete.list('', io)) {
    for (const unfinished of page) {
      const why = spare(unfinished, looking);
      if (why) spared[why] += 1;
      else yield { root, store, unfinished };
    }
  }
  if (spared.undated > before) notify(tellUndated(root, spared.undated - before));
}

/** Old unfinished uploads of runs, models and traces, root by root; what is not one is an outcome already. */
export async function* findUploads(looking: Looking): AsyncGenerator<Upload | Outcome> {
  for (const root of looking.roots) {
    try {
      yield* uploadsAt(root, looking);
    } catch (thrown) {
      if (looking.io.signal.aborted) throw thrown;
      yield failedRoot(root, thrown);
    }
  }
}

/** What would become of an upload. */
export function plannedUpload(upload: Upload): Outcome {
  return outcome(toldOf(upload), { action: 'delete', bytes: upload.unfinished.bytes ?? 0 });
}

/** A file of its own may have grown since it was listed. */
async function isStillOld({ store, unfinished }: Upload, before: number, io: Io): Promise<boolean> {
  const { incomplete } = store;
  if (!incomplete?.owned) return true;
  for await (const page of incomplete.list(parentOf(unfinished.path), io)) {
    const now = page.find(({ token, path }) => token === unfinished.token && path === unfinished.path);
    if (now) return isOld(now, before);
  }
  return true;
}

/** Gives up an upload, after another look where it may have grown. Never throws but for an abort. */
export async function discardUpload(upload: Upload, before: number, io: Io): Promise<Outcome> {
  const { store, unfinished } = upload;
  try {
    if (!(await isStillOld(upload, before, io)))
      return outcome(toldOf(upload), { action: 'skip', reason: 'it grew meanwhile', bytes: 0 });
    await store.incomplete?.discard(unfinished, io);
    return plannedUpload(upload);
  } catch (thrown) {
    if (io.signal.aborted) throw thrown;
    const { message } = asFailure(thrown, store.label);
    return outcome(toldOf(upload), { action: 'fail', reason: message, bytes: 0 });
  }
}
