import { stat } from 'node:fs/promises';
import { basename, join } from 'node:path';
import type { Entry } from '../artifacts/store.ts';
import { joinPath, type ArtifactPath } from '../core/artifact-path.ts';
import { Failure } from '../core/failure.ts';
import { markAtOnce } from '../core/mark-at-once.ts';
import { formatPlace } from '../resolver/resolution.ts';
import type { Filter } from '../transfer/plan/filter.ts';
import { sortEntries } from '../artifacts/sort-entries.ts';
import { unwalkable } from '../transfer/plan/unwalkable.ts';
import { walkFolder, type Walked } from '../transfer/plan/walk-folder.ts';
import { nothingThere } from '../transfer/run/download.ts';
import type { Sides } from '../transfer/verify/plan-pairs.ts';
import { runVerify, type VerifyObserver, type VerifyReport } from '../transfer/verify/verify.ts';
import type { Opened } from './open-reader.ts';
import type { Session } from './session.ts';
import { transferOptions, type Watching } from './transfer-options.ts';

/** What is compared with what. */
export interface VerifyAsk {
  /** The folder that holds what the artifacts' own folder holds; for a single artifact its file, or that one's folder. */
  readonly against: string;
  readonly filter: Filter;
  readonly sizeOnly: boolean;
}

/** Who watches a verification, and how fast it may be watched. */
export type VerifyWatching = Watching & { readonly observer: VerifyObserver };

/**
 * Compares what a reader stands at with a folder of this machine.
 * @throws Failure not-found: there is no such folder, or there are no artifacts; wrong-kind: one is a file
 */
export async function verifyArtifacts(
  session: Session,
  opened: Opened,
  { against, filter, sizeOnly }: VerifyAsk,
  watching: VerifyWatching,
): Promise<VerifyReport> {
  markAtOnce();
  const facts = await stat(against).catch((thrown: unknown) => Promise.reject(unwalkable(thrown, against)));
  const root = await opened.reader.root(session.io);
  const sides =
    root?.kind === 'file'
      ? fileSides(session, opened, root, { against, isFolder: facts.isDirectory(), filter })
      : await folderSides(session, opened, { against, isFolder: facts.isDirectory(), filter }, root);
  // Where it goes and what it is made of names the notes of a transfer; a verification takes none.
  const notes = {
    direction: 'download',
    backend: opened.reader.label,
    target: against,
    sources: [],
  } as const;
  const options = await transferOptions(session, watching, 'never', notes);
  return runVerify(sides, { ...options, ...watching, sizeOnly }, session.io);
}

interface Local {
  readonly against: string;
  readonly isFolder: boolean;
  readonly filter: Filter;
}

async function folderSides(
  session: Session,
  { reader, at, resolution }: Opened,
  { against, isFolder, filter }: Local,
  root: Entry | undefined,
): Promise<Sides> {
  const { io } = session;
  const place = formatPlace(resolution.places[0]);
  if (!isFolder) {
    throw new Failure({
      kind: 'wrong-kind',
      message: `${against} is a file, and ${place} is compared with a folder`,
      hint: 'name one artifact with -a, or the folder with --against',
      subject: against,
    });
  }
  const pages = reader.list('', { recursive: true }, io);
  const there = await begun(reader.order === 'path' ? flat(pages) : sortEntries(pages));
  if (!there && root === undefined) throw nothingThere(place, '');
  return {
    ...{ reader, filter, there: there ?? none() },
    localOf: (name) => join(against, name),
    here: walkFolder(against, io.signal, filter),
    pathOf: (name) => joinPath(at, name),
    readIn: (name) => name as ArtifactPath,
  };
}

function fileSides(
  { io }: Session,
  { reader, at, resolution }: Opened,
  root: Entry,
  { against, isFolder, filter }: Local,
): Sides {
  const name = basename(at === '' ? formatPlace(resolution.places[0]) : at);
  const file = isFolder ? join(against, name) : against;
  return {
    ...{ reader, filter },
    localOf: () => file,
    there: one({ ...root, path: name as ArtifactPath }),
    here: lookAt(file, name, io.signal),
    pathOf: () => (at === '' ? name : at),
    readIn: () => '',
  };
}

async function* lookAt(file: string, name: string, signal: AbortSignal): AsyncGenerator<Walked> {
  signal.throwIfAborted();
  const facts = await stat(file).catch((thrown: unknown) => unwalkable(thrown, file));
  if (facts instanceof Failure) {
    if (facts.kind !== 'not-found') yield { kind: 'trouble', name, file, failure: facts };
  } else if (facts.isFile()) {
    const { size, mtimeMs, ino } = facts;
    yield { kind: 'file', name, file, size, mtimeMs, ino };
  } else yield { kind: facts.isDirectory() ? 'empty-folder' : 'special', name, file };
}

async function* flat(pages: AsyncIterable<readonly Entry[]>): AsyncGenerator<Entry> {
  for await (const page of pages) yield* page;
}

async function* one<T>(item: T): AsyncGenerator<T> {
  yield item;
}

async function* none(): AsyncGenerator<never> {
  yield* [];
}

/** The same entries once the first is known; undefined when there is none. */
async function begun(entries: AsyncGenerator<Entry>): Promise<AsyncIterable<Entry> | undefined> {
  const first = await entries.next();
  if (first.done === true) return undefined;
  return (async function* () {
    try {
      yield first.value;
      yield* entries;
    } finally {
      await entries.return(undefined);
    }
  })();
}
