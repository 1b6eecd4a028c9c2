import type { ArtifactStore, Entry } from '../../artifacts/store.ts';
import { isWithin, parentOf, type ArtifactPath, type Under } from '../../core/artifact-path.ts';
import type { Io } from '../../core/io.ts';
import { comparePaths } from '../../core/order.ts';
import type { IfExists, Planned, UploadFile } from '../items.ts';
import { decide, refuseExisting, undecidable, type Side } from './decide.ts';
import { meetEach, meetListing, meetNothing, type Met } from './meet.ts';
import { sortEntries } from '../../artifacts/sort-entries.ts';
import type { UploadRoot } from './upload-plan.ts';

/** What is decided on, and by what. */
export interface UploadPolicy {
  readonly ifExists: IfExists;
  /** Look at the destination although the policy does not need it. */
  readonly look: boolean;
  /** Whether what is there is of an interrupted try of this very transfer. */
  readonly isOurs?: Side<UploadFile>['isOurs'];
}

/**
 * The plan of an upload with a reason for every file. With `overwrite` the destination is not listed at all unless
 * `look` asks for it; otherwise each folder's listing is read side by side with it.
 * @returns the items; what speaks against the whole is thrown before
 * @throws Failure exists (`fail`: the first file that is there and how many), usage (`newer` at a store without times)
 */
export async function decideUploads(
  roots: readonly UploadRoot[],
  store: ArtifactStore,
  { ifExists, look, isOurs }: UploadPolicy,
  io: Io,
): Promise<AsyncIterable<Planned<UploadFile>>> {
  const side = { ...uploadSide(store), isOurs };
  if (ifExists === 'overwrite' && !look) return planned(roots, io);
  if (ifExists === 'newer') await refuseTimeless(roots, store, io);
  if (ifExists !== 'fail') return decide(meetStore(roots, store, io), ifExists, side);
  await refuseExisting(meetStore(roots, store, io), side);
  return decide(meetNothing(planned(roots, io)), ifExists, side);
}

function uploadSide(store: ArtifactStore): Side<UploadFile> {
  return {
    label: store.label,
    store: store.label,
    keepsAbsent: store.traits.ifAbsent !== 'none',
    nameOf: ({ path, local }) => ({ path, local }),
    factsOf: ({ source, identity }) => ({
      ...(source.size === undefined ? {} : { size: source.size }),
      modified: identity?.mtimeMs ?? 'now',
      checksums: source.checksums,
    }),
    because: (file, why, guard) => ({
      ...file,
      why,
      ...(guard ? { when: { absent: true } } : {}),
      ...(guard === 'skip' ? { whenThere: guard } : {}),
    }),
  };
}

async function* planned(roots: readonly UploadRoot[], io: Io): AsyncGenerator<Planned<UploadFile>> {
  for (const root of roots) yield* root.items(io.signal);
}

async function* meetStore(
  roots: readonly UploadRoot[],
  store: ArtifactStore,
  io: Io,
): AsyncGenerator<Met<UploadFile>> {
  yield* meetFiles(
    roots.filter(({ kind }) => kind === 'file'),
    store,
    io,
  );
  for (const root of roots) {
    if (root.kind === 'file') continue;
    const listing = (): AsyncIterable<Entry> => listed(store, root.path, true, io);
    yield* meetListing(listing, ({ path }: UploadFile) => path)(root.items(io.signal));
  }
}

/** From so many files in one folder on, one listing is cheaper than a question for each. */
const MANY = 20;

/** Files that were named one by one: by one listing of their folder where that is cheaper. */
async function* meetFiles(
  roots: readonly UploadRoot[],
  store: ArtifactStore,
  io: Io,
): AsyncGenerator<Met<UploadFile>> {
  const folders = new Map<Under, UploadRoot[]>();
  for (const root of roots) {
    const folder = parentOf(root.path as ArtifactPath);
    folders.set(folder, [...(folders.get(folder) ?? []), root]);
  }
  for (const [folder, inside] of folders) {
    if (inside.length < MANY && (inside.length === 1 || store.traits.stat === 'request')) {
      yield* meetEach(async ({ path }: UploadFile) => store.stat(path, io))(planned(inside, io));
      continue;
    }
    const sorted = inside.toSorted((a, b) => comparePaths(a.path, b.path));
    const listing = (): AsyncIterable<Entry> => listed(store, folder, false, io);
    yield* meetListing(listing, ({ path }: UploadFile) => path)(planned(sorted, io));
  }
}

async function* listed(
  store: ArtifactStore,
  under: Under,
  recursive: boolean,
  io: Io,
): AsyncGenerator<Entry> {
  const pages = store.list(under, { recursive }, io);
  if (store.traits.order === 'none') yield* sortEntries(pages);
  else for await (const page of pages) yield* page;
}

/** @throws Failure usage when files are there, or may come to be there, without the time of their last change */
async function refuseTimeless(roots: readonly UploadRoot[], store: ArtifactStore, io: Io): Promise<void> {
  const { modified } = store.traits;
  if (modified === 'none') throw undecidable(store.label);
  if (modified === 'listed') return;
  const top = roots.map(({ path }) => path).reduce(commonFolder);
  for await (const { kind, modified: time } of listed(store, top, true, io)) {
    if (kind === 'file' && !time) throw undecidable(store.label);
    if (kind === 'file') return;
  }
}

function commonFolder(a: Under, b: Under): Under {
  let top = a;
  while (!isWithin(b, top)) top = parentOf(top as ArtifactPath);
  return top;
}
