import { joinPath, relativeTo, type ArtifactPath, type Under } from '../core/artifact-path.ts';
import { Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import type { ArtifactStore, Body, Entry, Version } from './store.ts';

/** What listing and downloading need of a store. Paths are relative to what the reader was made for. */
export interface ArtifactReader {
  /** Redacted, for messages. */
  readonly label: string;
  readonly connections: number;
  /** What is at the root of this reader itself: a file, a directory (also when it is empty but known), or nothing. */
  root(io: Io): Promise<Entry | undefined>;
  list(under: Under, options: { readonly recursive: boolean }, io: Io): AsyncIterable<readonly Entry[]>;
  read(path: Under, options: { readonly version?: Version }, io: Io): Promise<Body>;
}

/** A store from one of its paths down, as a reader. */
export function readerAt(store: ArtifactStore, at: Under): ArtifactReader {
  const full = (path: Under): Under => (path === '' ? at : joinPath(at, path));
  return {
    label: store.label,
    connections: store.traits.connections,
    root: async (io) => (at === '' ? undefined : store.stat(at, io)),
    list: async function* (under, options, io) {
      for await (const page of store.list(full(under), options, io)) {
        yield at === ''
          ? page
          : page.map((entry) => ({ ...entry, path: relativeTo(at, entry.path) as ArtifactPath }));
      }
    },
    read: async (path, options, io) => store.read(full(path) as ArtifactPath, options, io),
  };
}

async function* listBoth(
  winner: ArtifactReader,
  other: ArtifactReader,
  ask: { readonly under: Under; readonly recursive: boolean; readonly io: Io },
  twice: (path: ArtifactPath) => void,
): AsyncGenerator<readonly Entry[]> {
  const seen = new Map<ArtifactPath, Entry['kind']>();
  for await (const page of winner.list(ask.under, { recursive: ask.recursive }, ask.io)) {
    for (const entry of page) seen.set(entry.path, entry.kind);
    yield page;
  }
  for await (const page of other.list(ask.under, { recursive: ask.recursive }, ask.io)) {
    yield page.filter((entry) => {
      const kind = seen.get(entry.path);
      if (kind !== undefined && (kind !== 'directory' || entry.kind !== 'directory')) twice(entry.path);
      return kind === undefined;
    });
  }
}

/**
 * Two readers as one: an entry present in both is listed once and read from the first; `twice` is told of it.
 */
export function readBoth(
  winner: ArtifactReader,
  other: ArtifactReader,
  twice: (path: ArtifactPath) => void,
): ArtifactReader {
  return {
    label: winner.label,
    connections: Math.min(winner.connections, other.connections),
    root: async (io) => (await winner.root(io)) ?? (await other.root(io)),
    list: (under, { recursive }, io) => listBoth(winner, other, { under, recursive, io }, twice),
    read: async (path, options, io) => {
      try {
        return await winner.read(path, options, io);
      } catch (thrown) {
        if (thrown instanceof Failure && thrown.kind === 'not-found') return other.read(path, options, io);
        throw thrown;
      }
    },
  };
}
