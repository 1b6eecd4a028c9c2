import { readdir, stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { addAbortSignal, Readable } from 'node:stream';
import { bytesSource, fileSource, type FileIdentity } from '../artifacts/sources.ts';
import { joinPath, nameOf, type ArtifactPath, type Under } from '../core/artifact-path.ts';
import { Failure } from '../core/failure.ts';
import { mediaOf } from '../core/media.ts';
import type { Upload } from './upload.ts';
import { unwalkable, type Walked, walkFolder } from './walk-folder.ts';

/** What to store: files, and folders that hold nothing. */
export interface UploadPlan {
  readonly uploads: readonly Upload[];
  readonly emptyFolders: readonly ArtifactPath[];
  /** What is not stored, and why: sockets and devices, left-over partial downloads. */
  readonly skipped: readonly { readonly file: string; readonly reason: string }[];
}

/** One source as the user named it. */
export type UploadSource =
  | { readonly kind: 'path'; readonly path: string; readonly contentsOnly: boolean }
  | { readonly kind: 'stream'; readonly name: string; readonly stream: Readable };

/** Ours, of a download; MLflow's, of an upload into a folder that is itself an artifact store. */
const LEFT_OVER = /^\.mlstow-[0-9a-f]+\.partial$|^\.artifact\.uploading\./;

/** Growing plan while the sources are walked. */
interface Draft {
  readonly uploads: Upload[];
  readonly emptyFolders: ArtifactPath[];
  readonly skipped: { file: string; reason: string }[];
  /** Top-level names taken, and by which source. */
  readonly taken: Map<string, string>;
  readonly cwd: string;
}

/**
 * Walks the sources, relative ones from `cwd`, and names every file's artifact path below `under`. What cannot be read
 * inside a folder becomes an upload with its `trouble`.
 * @throws Failure not-found (a source is missing), usage (two sources with one name), invalid (a name no store may hold)
 */
export async function planUploads(
  sources: readonly UploadSource[],
  under: Under,
  cwd: string = process.cwd(),
): Promise<UploadPlan> {
  const draft: Draft = { uploads: [], emptyFolders: [], skipped: [], taken: new Map(), cwd };
  for (const source of sources) {
    if (source.kind === 'stream') addStream(draft, source, under);
    else await addPath(draft, source, under);
  }
  const { uploads, emptyFolders, skipped } = draft;
  return { uploads, emptyFolders, skipped };
}

/** Takes a top-level name for one source; only the contents of one folder may come back for the same name. */
function take(draft: Draft, name: string, source: string, isContent = false): void {
  const before = draft.taken.get(name);
  if (before !== undefined && !(isContent && before === source)) {
    throw new Failure({
      kind: 'usage',
      message: `${before} and ${source} would both be stored as ${name}`,
      hint: 'log them one by one, with different -a folders',
      subject: name,
    });
  }
  draft.taken.set(name, source);
}

function addStream(draft: Draft, source: UploadSource & { kind: 'stream' }, under: Under): void {
  take(draft, source.name.split('/')[0] ?? source.name, 'standard input');
  const path = joinPath(under, source.name);
  draft.uploads.push({
    path,
    local: '-',
    source: {
      replayable: false,
      checksums: [],
      media: mediaOf(nameOf(path)),
      open: async (_from, signal) => bytesOf(source.stream, signal),
    },
  });
}

/** A stream of bytes, also where the input gives text; it ends the input when it is stopped. */
function bytesOf(input: Readable, signal: AbortSignal): Readable {
  const chunks = async function* (): AsyncGenerator<Buffer> {
    for await (const chunk of addAbortSignal(signal, input) as AsyncIterable<Buffer | string>) {
      yield typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    }
  };
  return Readable.from(chunks(), { objectMode: false });
}

function addFile(draft: Draft, identity: FileIdentity, path: ArtifactPath): void {
  const media = mediaOf(nameOf(path));
  draft.uploads.push({
    path,
    local: identity.file,
    source: fileSource(identity, media),
    part: (range) => fileSource(identity, media, range),
  });
}

async function addPath(draft: Draft, source: UploadSource & { kind: 'path' }, under: Under): Promise<void> {
  const file = resolve(draft.cwd, source.path);
  const facts = await stat(file).catch((thrown: unknown) => Promise.reject(unwalkable(thrown, source.path)));
  const name = basename(file);
  if (facts.isDirectory()) {
    if (!source.contentsOnly) take(draft, name, source.path);
    await addFolder(draft, source, source.contentsOnly ? under : joinPath(under, name), file);
    return;
  }
  if (!facts.isFile()) {
    throw new Failure({
      kind: 'invalid',
      message: `${source.path} is neither a file nor a folder`,
      hint: 'pipe it instead: … | mlstow artifacts log - --name NAME',
      subject: source.path,
    });
  }
  take(draft, name, source.path);
  const { size, mtimeMs, ino } = facts;
  addFile(draft, { file, size, mtimeMs, ino }, joinPath(under, name));
}

async function addFolder(
  draft: Draft,
  source: UploadSource & { kind: 'path' },
  under: Under,
  folder: string,
): Promise<void> {
  for await (const found of walkFolder(folder)) {
    if (source.contentsOnly) take(draft, found.name.split('/')[0] ?? found.name, source.path, true);
    addFound(draft, found, joinPath(under, found.name));
  }
  if (!source.contentsOnly && under !== '' && (await isEmpty(folder))) draft.emptyFolders.push(under);
}

async function isEmpty(folder: string): Promise<boolean> {
  const names = await readdir(folder).catch((thrown: unknown) => Promise.reject(unwalkable(thrown, folder)));
  return names.length === 0;
}

function addFound(draft: Draft, found: Walked, path: ArtifactPath): void {
  const { file } = found;
  if (found.kind === 'empty-folder') draft.emptyFolders.push(path);
  else if (found.kind === 'special') draft.skipped.push({ file, reason: 'neither a file nor a folder' });
  else if (LEFT_OVER.test(nameOf(path)))
    draft.skipped.push({ file, reason: 'left over from an interrupted transfer' });
  else if (found.kind === 'file') addFile(draft, found, path);
  else draft.uploads.push({ path, local: file, source: bytesSource(EMPTY), trouble: found.failure });
}

const EMPTY = new Uint8Array();
