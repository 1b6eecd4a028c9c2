import type { ArtifactStore } from '../../artifacts/store.ts';
import type { Clock } from '../../core/clock.ts';
import { Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';

/** What a bucket bills that no listing of artifacts shows. */
export interface HiddenCost {
  /** What it does with what is replaced or removed; a failure where that is not told. */
  readonly versions: 'none' | 'kept' | 'expire' | Failure;
  /** Uploads that were begun long ago and neither finished nor given up; a failure where they cannot be listed. */
  readonly unfinished: number | Failure;
}

const DAY_MS = 86_400_000;
/** As `gc --incomplete-uploads` has it: younger ones may be under way. */
export const UNFINISHED_DAYS = 2;
/** Uploads that are looked at. */
const MAX_UPLOADS = 1_000;
/** Of a run, a model or a trace: gc takes no others. */
const OURS = /(?:^|\/)(?:m-|tr-)?[0-9a-f]{32}\/artifacts\//;

async function told<T>(io: Io, ask: () => Promise<T>): Promise<T | Failure> {
  try {
    return await ask();
  } catch (thrown) {
    if (thrown instanceof Failure && !io.signal.aborted) return thrown;
    throw thrown;
  }
}

async function countUnfinished({ incomplete }: ArtifactStore, clock: Clock, io: Io): Promise<number> {
  if (!incomplete) return 0;
  const before = clock.now() - UNFINISHED_DAYS * DAY_MS;
  let seen = 0;
  let old = 0;
  for await (const page of incomplete.list('', io)) {
    old += page.filter((each) => OURS.test(each.path) && (each.started?.getTime() ?? before) < before).length;
    seen += page.length;
    if (seen >= MAX_UPLOADS) break;
  }
  return old;
}

/** Asks a store of buckets; undefined for others. @throws Failure when it was told to stop */
export async function hiddenCost(
  store: ArtifactStore,
  clock: Clock,
  io: Io,
): Promise<HiddenCost | undefined> {
  const { versions } = store;
  if (!versions) return undefined;
  const keeping = async (): Promise<HiddenCost['versions']> => {
    if (!(await versions.kept(io))) return 'none';
    return (await versions.expire(io)) ? 'expire' : 'kept';
  };
  const [kept, unfinished] = await Promise.all([
    told(io, keeping),
    told(io, async () => countUnfinished(store, clock, io)),
  ]);
  return { versions: kept, unfinished };
}
