import { joinPath, relativeTo, type ArtifactPath, type Under } from '../core/artifact-path.ts';
import { Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import { bulkBelow, type BulkGet } from './read-in-bulk.ts';
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
