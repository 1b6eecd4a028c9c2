import type { FileIdentity } from '../../artifacts/sources.ts';
import type { Entry, Precondition } from '../../artifacts/store.ts';
import type { DownloadFile, UploadFile } from '../items.ts';
import type { There } from '../plan/look-here.ts';
import type { Journal } from './journal/journal.ts';

/**
 * Where nothing may be there already, what an interrupted try of this very transfer put there does not count. The notes of
 * what arrived lag behind by a moment, so there it is written down of each file before it is moved.
 */

function markOfSource({ size, mtimeMs, ino }: FileIdentity): string {
  return [size, mtimeMs, ino].join(' ');
}

function markOfEntry({ size, version }: Entry): string {
  return [size ?? '', version?.id ?? ''].join(' ');
}

/** Tells whether what is under the name of a file is of an interrupted try. */
export function uploadedBefore(journal: Journal): (file: UploadFile, there: There) => boolean {
  return ({ path, identity }, { kind, size }) =>
    kind === 'file' &&
    identity?.size === size &&
    identity !== undefined &&
    journal.wasIntended(path, markOfSource(identity));
}

/** The same of a download. */
export function downloadedBefore(journal: Journal): (file: DownloadFile, there: There) => boolean {
  return ({ entry }, { kind, size }) =>
    kind === 'file' && entry.size === size && journal.wasIntended(entry.path, markOfEntry(entry));
}

/**
 * Writes down that a file is going to be stored where nothing may be. One that an interrupted try was about to store may be
 * there by that, and is stored without that condition.
 */
export async function intendUpload<F extends UploadFile>(journal: Journal, file: F): Promise<F> {
  const { path, when, whenThere, identity } = file;
  if (!when || whenThere !== undefined || !identity) return file;
  const mark = markOfSource(identity);
  if (!journal.wasIntended(path, mark)) {
    await journal.intend(path, mark);
    return file;
  }
  const free: Omit<F, 'when'> & { when?: Precondition } = { ...file };
  delete free.when;
  return free as F;
}

/** The same of a file that is going to be fetched. */
export async function intendDownload(journal: Journal, { entry }: DownloadFile): Promise<void> {
  const mark = markOfEntry(entry);
  if (!journal.wasIntended(entry.path, mark)) await journal.intend(entry.path, mark);
}
