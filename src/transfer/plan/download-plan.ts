import { join } from 'node:path';
import type { ArtifactReader } from '../../artifacts/reader.ts';
import type { Entry } from '../../artifacts/store.ts';
import { joinPath, type ArtifactPath, type Under } from '../../core/artifact-path.ts';
import type { Io } from '../../core/io.ts';
import type { DownloadFile, Planned } from '../items.ts';
import { TAKE_ALL, type Filter } from './filter.ts';
import { sortEntries } from '../../artifacts/sort-entries.ts';

/** Where downloads go. */
export interface DownloadAim {
  /** The folder of this machine. */
  readonly folder: string;
  /** Put before every name; `''` for none. */
  readonly name: Under;
  readonly filter?: Filter;
}

/**
 * What everything that a reader holds means on this machine, in path order: files to fetch whatever is there, folders to
 * make, links and special files to leave alone. Memory: one page, and what `sortEntries` holds where the reader lists in
 * no order.
 * @throws Failure whatever the listing fails with
 */
export async function* planDownload(
  reader: ArtifactReader,
  aim: DownloadAim,
  io: Io,
): AsyncGenerator<Planned<DownloadFile>> {
  if (aim.name !== '') yield { kind: 'folder', path: aim.name };
  const pages = reader.list('', { recursive: true }, io);
  for await (const entry of reader.order === 'path' ? flat(pages) : sortEntries(pages)) {
    const item = itemOf(entry, entry.path, aim);
    if (item) yield item;
  }
}

/** What the one file that a reader was made for means on this machine. */
export async function* planFileDownload(
  entry: Entry,
  aim: DownloadAim & { readonly name: ArtifactPath },
): AsyncGenerator<Planned<DownloadFile>> {
  const item = itemOf(entry, aim.name, { ...aim, name: '' });
  if (item) yield item;
}

async function* flat(pages: AsyncIterable<readonly Entry[]>): AsyncGenerator<Entry> {
  for await (const page of pages) for (const entry of page) yield entry;
}

function itemOf(entry: Entry, as: ArtifactPath, aim: DownloadAim): Planned<DownloadFile> | undefined {
  const { filter = TAKE_ALL } = aim;
  const { path, kind, size } = entry;
  const name = joinPath(aim.name, as);
  if (kind === 'directory') return filter.takesFolder(as) ? { kind: 'folder', path: name } : undefined;
  const isTaken = filter.takes(as);
  if (kind === 'file' && isTaken) return { kind: 'file', file: { entry, name, why: 'overwrite' } };
  const local = join(aim.folder, name);
  const bytes = size === undefined ? {} : { bytes: size };
  if (!isTaken) return { kind: 'skip', skipped: { path, local, ...bytes, why: 'excluded' } };
  const detail = 'a link or a special file at the source';
  return { kind: 'skip', skipped: { path, local, why: 'special', detail } };
}
