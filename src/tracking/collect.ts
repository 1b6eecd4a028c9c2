import type { Io } from '../core/io.ts';
import type { LifecycleStage, Tags } from './entities.ts';

/** What gc removes. A trace has no stage of its own: it goes with its experiment. */
export type CollectKind = 'run' | 'model' | 'trace' | 'experiment';

/** A row that may be collected, as it is now. */
export interface Candidate {
  readonly kind: CollectKind;
  readonly id: string;
  readonly experimentId: string;
  readonly stage: LifecycleStage;
  /** Where its files are, as recorded; absent for experiments, and where nothing is recorded. */
  readonly uri?: string;
  /** When it was deleted (runs) or last changed (models, experiments), in ms; traces have the time of their experiment. */
  readonly deletedTime?: number;
  /** Its tags, of the keys that were asked for. */
  readonly tags: Tags;
}

/** Which workspace is looked at; `all` for every one. Schemas without workspaces have one. */
export interface CollectScope {
  readonly workspace: { readonly name: string } | 'all';
  /** Keys of the tags to be told. */
  readonly tagKeys: readonly string[];
}

/** Something recorded that names a place: whoever owns it may need what is there. */
export interface Reference {
  /** `version`: a registered model version that is not deleted; `workspace`: where new things of it are placed. */
  readonly owner: { readonly kind: CollectKind | 'version' | 'workspace'; readonly id: string };
  /** `files`: there are its files. `root`: below it others place theirs. */
  readonly role: 'files' | 'root';
  readonly uri?: string;
  /** The run that it was made from. */
  readonly runId?: string;
}

/** How many there are, deleted ones and all. */
export interface CollectCounts {
  readonly runs: { readonly deleted: number; readonly all: number };
  readonly models: { readonly deleted: number; readonly all: number };
  readonly experiments: { readonly deleted: number; readonly all: number };
}

/** What is left in an experiment. */
export interface Children {
  readonly runs: number;
  readonly models: number;
  readonly traces: number;
  /** Ids of active runs and models, a few of them. */
  readonly active: readonly string[];
  /** Ids of active runs elsewhere whose inputs are datasets of the experiment, a few of them. */
  readonly users: readonly string[];
}

/** What must still be true of a row when it is erased. */
export type Expected = Pick<Candidate, 'kind' | 'id' | 'uri' | 'tags'>;

/** How erasing ended: `changed` rows were left as they are. */
export type Erased = 'erased' | 'absent' | 'changed';

/** `exclusive`: nobody else collects. `shard`: only other shards of plans do, and none of them this one. */
export type LockAsk =
  { readonly kind: 'exclusive' } | { readonly kind: 'shard'; readonly plan: string; readonly shard: number };

/** A lock that ends with its process at the latest. */
export interface Lock {
  release(): Promise<void>;
}

/** The tag that says that gc has begun to remove a row's files; its value is `collectingMark`. */
export const COLLECTING_TAG = 'mlstow.collecting';

/** Instead of a place in a mark: its files are all gone, and its rows were being erased. */
export const ERASING = 'erasing';

type Deletion = Pick<Candidate, 'deletedTime'>;

/** Names the deletion: a row that was restored and deleted again is begun with anew. And `where` its files were. */
export function collectingMark({ deletedTime }: Deletion, where: string): string {
  return `${deletedTime ?? 'undated'} ${where}`;
}

/** Where a mark says that files are being removed; undefined if it is of another deletion. */
export function markedPlace(mark: string | undefined, deletion: Deletion): string | undefined {
  const begin = collectingMark(deletion, '');
  return mark?.startsWith(begin) ? mark.slice(begin.length) : undefined;
}

/** A row whose files are about to be removed. */
export interface Begun extends Expected {
  /** Tells the place of its files from other ones; a few characters. */
  readonly where: string;
}

/** What gc needs of a place of records. Servers lack it. */
export interface Collectable {
  readonly label: string;
  /** Whether the shape of the records is one that rows may be erased from; `revision` names it. */
  readonly schema: { readonly revision?: string; readonly known: boolean };
  /** The time by the clock of the records, in ms. */
  now(io: Io): Promise<number>;
  counts(scope: CollectScope, io: Io): Promise<CollectCounts>;
  /** Pages of all deleted ones of a kind, in bounded memory. Of traces: those of `experimentId`. */
  deleted(
    kind: CollectKind,
    scope: CollectScope & { readonly experimentId?: string },
    io: Io,
  ): AsyncIterable<readonly Candidate[]>;
  /** Those with these ids, whatever their stage; what is not there is left out. */
  find(kind: CollectKind, ids: readonly string[], scope: CollectScope, io: Io): Promise<readonly Candidate[]>;
  /** The experiments that have a tag of one of the keys, with those tags. */
  taggedExperiments(keys: readonly string[], io: Io): Promise<ReadonlyMap<string, Tags>>;
  /** Pages of everything in all workspaces that names a place; `locationTag`: a tag of runs that names one too. */
  references(locationTag: string, io: Io): AsyncIterable<readonly Reference[]>;
  children(experimentId: string, io: Io): Promise<Children>;
  /** Notes that the files of these are being removed. @returns the ids of those that are still as expected */
  mark(kind: CollectKind, items: readonly Begun[], io: Io): Promise<ReadonlySet<string>>;
  /** The most rows that should be erased together now, so that others who write need not wait for long. */
  eraseAtOnce(): number;
  /**
   * Erases rows with all that belongs to them, in transactions of bounded size, the last of which reads again whether
   * each is still as expected; an experiment only when nothing is left in it.
   */
  erase(kind: CollectKind, items: readonly Expected[], io: Io): Promise<ReadonlyMap<string, Erased>>;
  /** Undefined when somebody else has it. */
  lock(ask: LockAsk, io: Io): Promise<Lock | undefined>;
}
