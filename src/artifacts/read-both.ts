import type { ArtifactPath, Under } from '../core/artifact-path.ts';
import { Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import { bulkOfBoth } from './read-in-bulk.ts';
import type { ArtifactReader } from './reader.ts';
import { compareEntries, sortEntries } from './sort-entries.ts';
import type { Entry, Traits } from './store.ts';

/** How many of the last listed paths are known to be of which reader: more than wait between a listing and its reads. */
const KNOWN = 20_000;
/** Entries of a page. */
const PAGE = 1000;

/**
 * Two readers as one, in path order: an entry present in both is listed once and read from the first; `twice` is told of
 * it. A file of the one hides a folder of the same name of the other. Memory: a page of each, and what `sortEntries`
 * holds where one lists in no order.
 */
export function readBoth(
  winner: ArtifactReader,
  other: ArtifactReader,
  twice: (path: ArtifactPath) => void,
): ArtifactReader {
  // Asking the winner first would be a request more for each file, and some servers answer "absent" with a 500.
  const origin = createOrigins();
  return {
    label: winner.label,
    connections: Math.min(winner.connections, other.connections),
    ...(winner.bulkGet && other.bulkGet
      ? { bulkGet: bulkOfBoth(winner.bulkGet, other.bulkGet, (path) => origin.of(path) === other) }
      : {}),
    order: 'path',
    modified: weakerTimes(winner.modified, other.modified),
    ranges: weaker(winner.ranges, other.ranges),
    root: async (io) => {
      const mine = await winner.root(io);
      const theirs = mine ? undefined : await other.root(io);
      if (theirs?.kind === 'file' && (await holdsAnything(winner, '', io))) return undefined;
      origin.know('', mine ? winner : other);
      return mine ?? theirs;
    },
    list: async function* (under, options, io) {
      const [mine, theirs] = [winner, other].map((reader) => cursorOf(entriesOf(reader, under, options, io)));
      if (!mine || !theirs) return;
      const isFolder = async (path: ArtifactPath) => holdsAnything(winner, path, io);
      let page: Entry[] = [];
      try {
        for await (const { entry, isMine } of merged(mine, theirs, { isFolder, twice })) {
          origin.know(entry.path, isMine ? winner : other);
          if (page.push(entry) < PAGE) continue;
          yield page;
          page = [];
        }
      } finally {
        await mine.close();
        await theirs.close();
      }
      if (page.length > 0) yield page;
    },
    look: async (path, io) => {
      const from = origin.of(path);
      return from ? from.look(path, io) : ((await winner.look(path, io)) ?? other.look(path, io));
    },
    read: async (path, options, io) => {
      const from = origin.of(path);
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

/** Which reader listed a path, of the last ones listed. */
function createOrigins() {
  const known = new Map<Under, ArtifactReader>();
  return {
    of: (path: Under) => known.get(path),
    know: (path: Under, reader: ArtifactReader) => {
      known.delete(path);
      known.set(path, reader);
      if (known.size <= KNOWN) return;
      const [oldest] = known.keys();
      if (oldest !== undefined) known.delete(oldest);
    },
  };
}

async function* entriesOf(
  reader: ArtifactReader,
  under: Under,
  options: { readonly recursive: boolean },
  io: Io,
): AsyncGenerator<Entry> {
  const pages = reader.list(under, options, io);
  if (reader.order === 'path') for await (const page of pages) yield* page;
  else yield* sortEntries(pages);
}

/** Entries of which the next one is seen before it is taken. */
interface Cursor {
  next: Entry | undefined;
  advance(): Promise<void>;
  close(): Promise<void>;
}

function cursorOf(entries: AsyncGenerator<Entry>): Cursor {
  const cursor: Cursor = {
    next: undefined,
    advance: async () => {
      const found = await entries.next();
      cursor.next = found.done === true ? undefined : found.value;
    },
    close: async () => {
      await entries.return(undefined);
    },
  };
  return cursor;
}

interface Rules {
  /** Whether anything of the winner is below a path. */
  readonly isFolder: (path: ArtifactPath) => Promise<boolean>;
  readonly twice: (path: ArtifactPath) => void;
}

interface Merged {
  readonly entry: Entry;
  readonly isMine: boolean;
}

/** As a listing sorts it: a folder as `name/`. */
function keyOf({ path, kind }: Entry): string {
  return kind === 'directory' ? `${path}/` : path;
}

/** The last files are kept whose names the path begins with: what is below others has come. */
function keepAbove(above: ArtifactPath[], path: ArtifactPath): void {
  while (above.length > 0 && !path.startsWith(above.at(-1) ?? '')) above.pop();
  above.push(path);
}

async function* merged(mine: Cursor, theirs: Cursor, rules: Rules): AsyncGenerator<Merged> {
  // Files of the winner that what comes may be below of: each the beginning of the name of the next.
  const above: ArtifactPath[] = [];
  await Promise.all([mine.advance(), theirs.advance()]);
  while (mine.next ?? theirs.next) {
    const { next: ours } = mine;
    const { next: yours } = theirs;
    if (ours && (!yours || compareEntries(ours, yours) <= 0)) {
      if (yours && keyOf(ours) === keyOf(yours)) {
        if (yours.kind !== 'directory') rules.twice(yours.path);
        await theirs.advance();
      }
      if (ours.kind !== 'directory') keepAbove(above, ours.path);
      yield { entry: ours, isMine: true };
      await mine.advance();
    } else if (yours) {
      const hidden = await hiding(yours, above, ours, rules);
      if (hidden === undefined) yield { entry: yours, isMine: false };
      else if (hidden === 'told') rules.twice(yours.path);
      await theirs.advance();
    }
  }
}

/** Whether something of the winner hides an entry of the other, and whether a person is told. */
async function hiding(
  { path, kind }: Entry,
  above: readonly ArtifactPath[],
  ahead: Entry | undefined,
  { isFolder }: Rules,
): Promise<'told' | 'same' | undefined> {
  const below = `${path}/`;
  if (above.some((file) => below.startsWith(`${file}/`))) return 'told';
  const next = ahead ? keyOf(ahead) : '';
  if (next.startsWith(below)) return kind === 'directory' ? 'same' : 'told';
  // `a!` and `a.b` come between a file `a` and what is below a folder `a`.
  const mayFollow = kind !== 'directory' && next.startsWith(path);
  return mayFollow && (await isFolder(path)) ? 'told' : undefined;
}

function weaker(a: Traits['ranges'], b: Traits['ranges']): Traits['ranges'] {
  if (a === 'none' || b === 'none') return 'none';
  return a === 'from' ? a : b;
}

function weakerTimes(a: Traits['modified'], b: Traits['modified']): Traits['modified'] {
  if (a === 'none' || b === 'none') return 'none';
  return a === 'some' ? a : b;
}

async function holdsAnything(reader: ArtifactReader, under: Under, io: Io): Promise<boolean> {
  for await (const page of reader.list(under, { recursive: false }, io)) if (page.length > 0) return true;
  return false;
}
