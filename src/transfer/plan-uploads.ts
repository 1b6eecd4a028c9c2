import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { fileSource, type FileIdentity } from '../artifacts/sources.ts';
import { joinPath, nameOf, type ArtifactPath, type Under } from '../core/artifact-path.ts';
import { Failure } from '../core/failure.ts';
import { mediaOf } from '../core/media.ts';
import type { Upload } from './upload.ts';
import { unwalkable, walkFolder } from './walk-folder.ts';

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

const LEFT_OVER = /^\..+\.[0-9a-f]{12}\.partial$/;

/** Growing plan while the sources are walked. */
interface Draft {
  readonly uploads: Upload[];
  readonly emptyFolders: ArtifactPath[];
  readonly skipped: { file: string; reason: string }[];
  /** Top-level names taken, and by which source. */
  readonly taken: Map<string, string>;
}

/**
 * Walks the sources and names every file's artifact path below `under`.
 * @throws Failure not-found (a source is missing), usage (two sources with one name), invalid (a name no store may hold)
 */
export async function planUploads(sources: readonly UploadSource[], under: Under): Promise<UploadPlan> {
  const draft: Draft = { uploads: [], emptyFolders: [], skipped: [], taken: new Map() };
  for (const source of sources) {
    if (source.kind === 'stream') addStream(draft, source, under);
    else await addPath(draft, source, under);
  }
  return draft;
}

function take(draft: Draft, name: string, source: string): void {
  const before = draft.taken.get(name);
  if (before !== undefined && before !== source) {
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
  take(draft, source.name, 'standard input');
  const path = joinPath(under, source.name);
  draft.uploads.push({
    path,
    local: '-',
    source: {
      replayable: false,
      checksums: [],
      media: mediaOf(nameOf(path)),
      open: async () => source.stream,
    },
  });
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
  const facts = await stat(source.path).catch((thrown: unknown) =>
    Promise.reject(unwalkable(thrown, source.path)),
  );
  const name = basename(resolve(source.path));
  if (facts.isDirectory()) {
    if (!source.contentsOnly) take(draft, name, source.path);
    await addFolder(draft, source, source.contentsOnly ? under : joinPath(under, name), source.contentsOnly);
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
  addFile(draft, { file: source.path, size, mtimeMs, ino }, joinPath(under, name));
}

async function addFolder(
  draft: Draft,
  source: UploadSource & { kind: 'path' },
  under: Under,
  top: boolean,
): Promise<void> {
  for await (const found of walkFolder(source.path)) {
    if (top) take(draft, found.name.split('/')[0] ?? found.name, source.path);
    if (found.kind === 'empty-folder') draft.emptyFolders.push(joinPath(under, found.name));
    else if (found.kind === 'special')
      draft.skipped.push({ file: found.file, reason: 'neither a file nor a folder' });
    else if (LEFT_OVER.test(nameOf(found.name as ArtifactPath))) {
      draft.skipped.push({ file: found.file, reason: 'left over from an interrupted download' });
    } else addFile(draft, found, joinPath(under, found.name));
  }
}
