import { joinPath, parentOf, relativeTo, type ArtifactPath, type Under } from '../core/artifact-path.ts';
import { Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import { bulkBelow, bulkOfBoth, type BulkGet } from './read-in-bulk.ts';
import type { ArtifactStore, Body, Entry, Traits } from './store.ts';

/** What listing and downloading need of a store. Paths are relative to what the reader was made for. */
export interface ArtifactReader {
  /** Redacted, for messages. */
  readonly label: string;
  readonly connections: number;
  /** `path`: pages come in UTF-8 byte order with a directory sorted as `name/`. */
  readonly order: Traits['order'];
  /** Whether listed files tell when they were last modified; `some`: servers of this kind differ. */
  readonly modified: Traits['modified'];
  /** Which parts of a file can be read. */
  readonly ranges: Traits['ranges'];
  /** What is at the root of this reader itself: a file, a directory (also when it is empty but known), or nothing. */
  root(io: Io): Promise<Entry | undefined>;
  list(under: Under, options: { readonly recursive: boolean }, io: Io): AsyncIterable<readonly Entry[]>;
  /** Many files that were listed, in one process; only where the store has `bulk`. */
  readonly bulkGet?: BulkGet;
  /**
   * What the store says of a file that was listed, maybe more than its listing does: S3 lists no checksums. `''` is the
   * file at the root of this reader.
   */
  look(path: Under, io: Io): Promise<Entry | undefined>;
  /** Bytes of a file that was listed; `''` is the file at the root of this reader. */
  read(path: Under, options: ReadOptions, io: Io): Promise<Body>;
}

/** Which bytes of a file are read, in bytes, and which version of it. */
type ReadOptions = Parameters<ArtifactStore['read']>[1];

/** A store from one of its paths down, as a reader. */
export function readerAt(store: ArtifactStore, at: Under): ArtifactReader {
  const full = (path: Under): Under => (path === '' ? at : joinPath(at, path));
  return {
    label: store.label,
    connections: store.traits.connections,
    ...(store.bulk ? { bulkGet: bulkBelow(store.bulk, full) } : {}),
    order: store.traits.order,
    modified: store.traits.modified,
    ranges: store.traits.ranges,
    root: async (io) => (at === '' ? undefined : store.stat(at, io)),
    list: async function* (under, options, io) {
      for await (const page of store.list(full(under), options, io)) {
        yield at === ''
          ? page
          : page.map((entry) => ({ ...entry, path: relativeTo(at, entry.path) as ArtifactPath }));
      }
    },
    look: async (path, io) => {
      const file = full(path);
      return file === '' ? undefined : store.stat(file, io);
    },
    read: async (path, options, io) => {
      const file = full(path);
      if (file !== '') return store.read(file, options, io);
      throw new Failure({
        kind: 'wrong-kind',
        message: `${store.label} is the root of a store, not a file`,
        subject: store.label,
      });
    },
  };
}

/** What the winner holds: its entries, and the folders above them. */
interface Held {
  readonly kinds: Map<ArtifactPath, Entry['kind']>;
  readonly folders: Set<Under>;
}

/** Whether an entry of the other reader is hidden by one of the winner's, which it then names. */
function hiddenBy({ path }: Entry, { kinds, folders }: Held): ArtifactPath | undefined {
  if (kinds.has(path) || folders.has(path)) return path;
  for (let above = parentOf(path); above !== ''; above = parentOf(above)) {
    const over = kinds.get(above);
    if (over !== undefined && over !== 'directory') return above;
  }
  return undefined;
}

function hold({ kinds, folders }: Held, { path, kind }: Entry): void {
  kinds.set(path, kind);
  for (let above = parentOf(path); above !== '' && !folders.has(above); above = parentOf(above)) {
    folders.add(above);
  }
}

/**
 * Two readers as one: an entry present in both is listed once and read from the first; `twice` is told of it. A file of
 * the one hides a folder of the same name of the other.
 */
export function readBoth(
  winner: ArtifactReader,
  other: ArtifactReader,
  twice: (path: ArtifactPath) => void,
): ArtifactReader {
  // Asking the winner first would be a request more for each file, and some servers answer "absent" with a 500.
  const origin = new Map<Under, ArtifactReader>();
  return {
    label: winner.label,
    connections: Math.min(winner.connections, other.connections),
    ...(winner.bulkGet && other.bulkGet
      ? { bulkGet: bulkOfBoth(winner.bulkGet, other.bulkGet, (path) => origin.get(path) === other) }
      : {}),
    order: 'none',
    modified: weakerTimes(winner.modified, other.modified),
    ranges: weaker(winner.ranges, other.ranges),
    root: async (io) => {
      const mine = await winner.root(io);
      const theirs = mine ? undefined : await other.root(io);
      if (theirs?.kind === 'file' && (await holdsAnything(winner, io))) return undefined;
      origin.set('', mine ? winner : other);
      return mine ?? theirs;
    },
    list: async function* (under, options, io) {
      const held: Held = { kinds: new Map(), folders: new Set() };
      for await (const page of winner.list(under, options, io)) {
        for (const entry of page) {
          hold(held, entry);
          origin.set(entry.path, winner);
        }
        yield page;
      }
      for await (const page of other.list(under, options, io)) {
        const kept = page.filter((entry) => {
          const hidden = hiddenBy(entry, held);
          if (hidden === undefined) origin.set(entry.path, other);
          else if (entry.kind !== 'directory' || held.kinds.get(hidden) === 'file') twice(entry.path);
          return hidden === undefined;
        });
        yield kept;
      }
    },
    look: async (path, io) => {
      const from = origin.get(path);
      return from ? from.look(path, io) : ((await winner.look(path, io)) ?? other.look(path, io));
    },
    read: async (path, options, io) => {
      const from = origin.get(path);
      if (from) return from.read(path, options, io);
      try {
        return await winner.read(path, options, io);
      } catch (thrown) {
        if (thrown instanceof Failure && thrown.kind === 'not-found') return other.read(path, options, io);
        throw thrown;
      }
    },
  };
}

function weaker(a: Traits['ranges'], b: Traits['ranges']): Traits['ranges'] {
  if (a === 'none' || b === 'none') return 'none';
  return a === 'from' ? a : b;
}

function weakerTimes(a: Traits['modified'], b: Traits['modified']): Traits['modified'] {
  if (a === 'none' || b === 'none') return 'none';
  return a === 'some' ? a : b;
}

async function holdsAnything(reader: ArtifactReader, io: Io): Promise<boolean> {
  for await (const page of reader.list('', { recursive: false }, io)) if (page.length > 0) return true;
  return false;
}
