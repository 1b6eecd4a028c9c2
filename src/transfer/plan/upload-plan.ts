import { stat } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Readable } from 'node:stream';
import { joinPath, type ArtifactPath, type Under } from '../../core/artifact-path.ts';
import { Failure } from '../../core/failure.ts';
import type { Planned, UploadFile } from '../items.ts';
import { isPartialName } from '../partial-name.ts';
import { TAKE_ALL, type Filter } from './filter.ts';
import { refuseClashes } from './refuse-clashes.ts';
import { uploadOfFile, uploadOfStream } from './upload-file.ts';
import { unwalkable } from './unwalkable.ts';
import { walkFolder, walkNames, type Walked } from './walk-folder.ts';

/** One source as the user named it. */
export type UploadSource =
  | { readonly kind: 'path'; readonly path: string; readonly contentsOnly: boolean }
  | { readonly kind: 'stream'; readonly name: string; readonly stream: Readable };

/** A file that is to be stored: its artifact path and where it is, `-` for standard input. */
export interface UploadName {
  readonly path: ArtifactPath;
  readonly local: string;
}

/** One source in the plan. */
export interface UploadRoot {
  readonly kind: 'file' | 'folder';
  /** Where it is stored: a file's own path, or the folder below which all of it goes. */
  readonly path: Under;
  /** The source as the user named it. */
  readonly source: string;
  /** The first segments of what it stores, from where all sources are stored; each once for a file or folder. */
  tops(signal: AbortSignal): AsyncIterable<string>;
  /** Every file that is to be stored, by name alone. */
  names(signal: AbortSignal): AsyncIterable<UploadName>;
  /** What is to happen, in path order; may be asked more than once. */
  items(signal: AbortSignal): AsyncIterable<Planned<UploadFile>>;
}

/** Where sources go and which files of theirs. */
export interface UploadAim {
  readonly under: Under;
  /** Relative sources start here. */
  readonly cwd: string;
  readonly filter?: Filter;
}

/**
 * Looks at the sources and checks by names alone what would go wrong with all of them. What cannot be read inside a
 * folder becomes `trouble` in its items.
 * @throws Failure not-found (a source is missing), usage (two sources with one name), invalid (neither file nor folder)
 */
export async function planUploads(
  sources: readonly UploadSource[],
  aim: UploadAim,
  signal: AbortSignal,
): Promise<readonly UploadRoot[]> {
  const roots: UploadRoot[] = [];
  for (const source of sources) roots.push(await rootOf(source, aim));
  await refuseClashes(roots, signal);
  return roots;
}

async function rootOf(source: UploadSource, aim: UploadAim): Promise<UploadRoot> {
  const { under, cwd, filter = TAKE_ALL } = aim;
  if (source.kind === 'stream') {
    return fileRoot(
      'standard input',
      uploadOfStream(source.stream, joinPath(under, source.name)),
      source.name,
      filter,
    );
  }
  const file = resolve(cwd, source.path);
  const facts = await stat(file).catch((thrown: unknown) => Promise.reject(unwalkable(thrown, source.path)));
  const name = basename(file);
  if (facts.isDirectory()) return folderRoot(source, under, file, filter);
  if (!facts.isFile()) {
    throw new Failure({
      kind: 'invalid',
      message: `${source.path} is neither a file nor a folder`,
      hint: 'pipe it instead: … | mlstow artifacts log - --name NAME',
      subject: source.path,
    });
  }
  const { size, mtimeMs, ino } = facts;
  return fileRoot(
    source.path,
    uploadOfFile({ file, size, mtimeMs, ino }, joinPath(under, name)),
    name,
    filter,
  );
}

function fileRoot(source: string, file: UploadFile, name: string, filter: Filter): UploadRoot {
  const { path, local } = file;
  const isTaken = filter.takes(name);
  return {
    kind: 'file',
    path,
    source,
    tops: async function* () {
      if (isTaken) yield name.split('/')[0] ?? name;
    },
    names: async function* () {
      if (isTaken) yield { path, local };
    },
    items: async function* () {
      const bytes = file.source.size === undefined ? {} : { bytes: file.source.size };
      if (isTaken) yield { kind: 'file', file };
      else yield { kind: 'skip', skipped: { path, local, ...bytes, why: 'excluded' } };
    },
  };
}

function folderRoot(
  source: UploadSource & { readonly kind: 'path' },
  above: Under,
  folder: string,
  filter: Filter,
): UploadRoot {
  const name = basename(folder);
  const under = source.contentsOnly ? above : joinPath(above, name);
  return {
    kind: 'folder',
    path: under,
    source: source.path,
    tops: async function* (signal) {
      if (!source.contentsOnly) yield name;
      else
        for await (const found of walkNames(folder, signal, filter))
          if (found.kind !== 'excluded') yield top(found.name);
    },
    names: async function* (signal) {
      for await (const { kind, name: below, file } of walkNames(folder, signal, filter)) {
        if (kind === 'name' && !isLeftOver(below)) yield { path: joinPath(under, below), local: file };
      }
    },
    items: async function* (signal) {
      let holdsAnything = false;
      for await (const walked of walkFolder(folder, signal, filter)) {
        holdsAnything = true;
        yield itemOf(walked, joinPath(under, walked.name));
      }
      if (!holdsAnything && !source.contentsOnly && under !== '') yield { kind: 'folder', path: under };
    },
  };
}

/** Whether an interrupted transfer left a file behind, by its name. */
function isLeftOver(name: string): boolean {
  return isPartialName(name.slice(name.lastIndexOf('/') + 1));
}

function top(name: string): string {
  const slash = name.indexOf('/');
  return slash < 0 ? name : name.slice(0, slash);
}

function itemOf(walked: Walked, path: ArtifactPath): Planned<UploadFile> {
  if (walked.kind === 'file') return fileItem(walked, path);
  const { file: local } = walked;
  if (walked.kind === 'empty-folder') return { kind: 'folder', path };
  if (walked.kind === 'trouble') return { kind: 'trouble', path, local, failure: walked.failure };
  if (walked.kind === 'excluded') return { kind: 'skip', skipped: { path, local, why: 'excluded' } };
  return { kind: 'skip', skipped: { path, local, why: 'special', detail: 'neither a file nor a folder' } };
}

function fileItem(
  { name, file, size, mtimeMs, ino }: Walked & { readonly kind: 'file' },
  path: ArtifactPath,
): Planned<UploadFile> {
  if (!isLeftOver(name)) return { kind: 'file', file: uploadOfFile({ file, size, mtimeMs, ino }, path) };
  const detail = 'left over from an interrupted transfer';
  return { kind: 'skip', skipped: { path, local: file, bytes: size, why: 'left-over', detail } };
}
