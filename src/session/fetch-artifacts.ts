import { join } from 'node:path';
import type { Entry } from '../artifacts/store.ts';
import type { ArtifactPath, Under } from '../core/artifact-path.ts';
import type { Failure } from '../core/failure.ts';
import { markAtOnce } from '../core/mark-at-once.ts';
import { formatPlace } from '../resolver/resolution.ts';
import type { DownloadFile, IfExists, Planned } from '../transfer/items.ts';
import { decideDownloads, type DownloadPolicy } from '../transfer/plan/decide-downloads.ts';
import { planDownload, planFileDownload } from '../transfer/plan/download-plan.ts';
import type { Filter } from '../transfer/plan/filter.ts';
import { holdClashes } from '../transfer/plan/hold-clashes.ts';
import { foldingOf, refuseFolded } from '../transfer/plan/target-names.ts';
import type { Report } from '../transfer/report.ts';
import { nothingThere, runDownloads } from '../transfer/run/download.ts';
import { downloadedBefore } from '../transfer/run/intents.ts';
import type { Opened } from './open-reader.ts';
import type { Session } from './session.ts';
import {
  keptBy,
  rangeRule,
  transferOptions,
  warnOfPace,
  type Resume,
  type Watching,
} from './transfer-options.ts';

/** Where things go on this machine, and how. */
export interface FetchAsk {
  readonly folder: string;
  /** A file is called so; a folder becomes `name/…` or, when it is empty, its contents are put into `folder`. */
  readonly name: Under;
  readonly filter?: Filter;
  readonly ifExists?: IfExists;
  readonly resume?: Resume;
}

/** What is ready to be fetched, and where it will be. */
export interface Fetch {
  readonly localPath: string;
  /** Moves the bytes. @throws Failure not-found when there is nothing */
  run(watching: Watching): Promise<Report>;
  /** What would happen, the folder being looked at and nothing made there. @throws Failure as `run` */
  readonly plan: () => Promise<Items>;
}

/** Prepares to fetch what a reader stands at. */
export async function fetchArtifacts(session: Session, opened: Opened, ask: FetchAsk): Promise<Fetch> {
  const root = await opened.reader.root(session.io);
  if (root?.kind === 'file') return fetchFile(session, opened, ask, root);
  const localPath = ask.name === '' ? ask.folder : join(ask.folder, ask.name);
  const plan = () => planDownload(opened.reader, aimOf(ask, ask.name), session.io);
  const items = () => refuseNothing(plan(), opened, root !== undefined, ask.name);
  return {
    localPath,
    run: async (watching) => run(session, opened, ask, items, watching),
    plan: async () => decided(session, opened, ask, items, 'look'),
  };
}

function fetchFile(session: Session, opened: Opened, ask: FetchAsk, root: Entry): Fetch {
  const name = lastOf(ask.name === '' ? root.path : ask.name);
  const items = () => planFileDownload(root, { ...aimOf(ask, name), name });
  return {
    localPath: join(ask.folder, name),
    run: async (watching) => run(session, opened, ask, items, watching, () => ''),
    plan: async () => decided(session, opened, ask, items, 'look'),
  };
}

function aimOf({ folder, filter }: FetchAsk, name: Under) {
  return { folder, name, ...(filter ? { filter } : {}) };
}

function lastOf(path: string): ArtifactPath {
  return path.slice(path.lastIndexOf('/') + 1) as ArtifactPath;
}

type Items = AsyncIterable<Planned<DownloadFile>>;

/** The plan, what speaks against it all having spoken. `look`: only to be looked at, so that no name is probed. */
async function decided(
  { io }: Session,
  { reader }: Opened,
  { folder, ifExists = 'overwrite' }: FetchAsk,
  items: () => Items,
  why: 'look' | 'move',
  isOurs?: DownloadPolicy['isOurs'],
): Promise<Items> {
  const folding = why === 'look' ? undefined : await foldingOf(folder);
  const fitting = (): Items => {
    const held = holdClashes(items(), reader.label);
    return folding ? refuseFolded(held, folding, folder) : held;
  };
  return begun(
    await decideDownloads(reader, fitting, { folder, ifExists, look: why === 'look', isOurs }, io),
  );
}

async function run(
  session: Session,
  opened: Opened,
  ask: FetchAsk,
  items: () => Items,
  watching: Watching,
  pathOf?: () => Under,
): Promise<Report> {
  markAtOnce();
  const { io } = session;
  const { reader, resolution } = opened;
  const { folder, resume = 'usual' } = ask;
  const options = await transferOptions(session, watching, resume, {
    direction: 'download',
    backend: reader.label,
    target: folder,
    sources: [formatPlace(resolution.places[0])],
  });
  if (reader.bulkGet) warnOfPace(session, reader.label);
  const ranges = rangeRule(session);
  const intends = ask.ifExists === 'fail';
  const all = { ...options, ranges, intends, ...(pathOf ? { pathOf } : {}) };
  const isOurs = options.journal ? downloadedBefore(options.journal) : undefined;
  return keptBy(options.journal, async () => {
    const planned = await decided(session, opened, ask, items, 'move', isOurs);
    return runDownloads(reader, planned, folder, all, io);
  });
}

/** A plan whose first name is known to be there: what speaks against it all has spoken. */
async function begun(planned: Items): Promise<Items> {
  const names = planned[Symbol.asyncIterator]();
  const first = await names.next();
  return (async function* () {
    try {
      for (let next = first; next.done !== true; next = await names.next()) yield next.value;
    } finally {
      await names.return?.();
    }
  })();
}

/** A run without artifacts, and an empty folder, are fine; a path that names nothing is not, nor in a `runs:/` URI. */
async function* refuseNothing(
  planned: Items,
  opened: Opened,
  isFolder: boolean,
  name: Under,
): AsyncGenerator<Planned<DownloadFile>> {
  let held: Planned<DownloadFile> | undefined;
  let isThere = isFolder;
  for await (const item of planned) {
    if (item.kind === 'folder' && item.path === name) {
      held = item;
      continue;
    }
    isThere = true;
    if (held) yield held;
    held = undefined;
    yield item;
  }
  if (!isThere) throwNothing(opened);
  if (held) yield held;
}

function throwNothing({ resolution }: Opened): void {
  const [place] = resolution.places;
  const { run: found } = resolution;
  if (place.path === '' && found !== undefined) return;
  const asked = formatPlace(place);
  const from = found ? `-r ${found.info.runId}` : `-u ${asked.replace(/(?<=[^/])\/[^/]*$/, '')}`;
  const failure: Failure = nothingThere(asked, '');
  throw failure.with({ hint: `list what is there: mlstow artifacts list -R ${from}` });
}
