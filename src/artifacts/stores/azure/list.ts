import type { BlobItem, BlobPrefix } from '@azure/storage-blob';
import { parseArtifactPath, type ArtifactPath, type Under } from '../../../core/artifact-path.ts';
import type { Io } from '../../../core/io.ts';
import type { Entry, Page } from '../../store.ts';
import { entryOf, isFolder } from './entry.ts';
import { call, folderOf, type Root } from './root.ts';

/** Blobs of one page; the service gives up to 5,000, which takes as much more memory. */
const PAGE = 1000;
/** The marker behind the last page: the service's own is never empty. */
const END = '';

interface Found {
  readonly blobs: readonly BlobItem[];
  readonly prefixes: readonly BlobPrefix[];
  readonly next?: string;
}

interface Ask {
  readonly folder: string;
  readonly recursive: boolean;
  readonly size: number;
  readonly token: string | undefined;
}

async function pageOf(root: Root, under: Under, ask: Ask, io: Io): Promise<Found> {
  const { folder: prefix, recursive, size, token } = ask;
  const settings = { maxPageSize: size, ...(token === undefined ? {} : { continuationToken: token }) };
  const { value } = await call(root, under, 'list', io, async (abortSignal) => {
    const options = { prefix, abortSignal, includeMetadata: true };
    const pages = recursive
      ? root.container.listBlobsFlat(options).byPage(settings)
      : root.container.listBlobsByHierarchy('/', options).byPage(settings);
    return pages.next();
  });
  if (value.done === true) return { blobs: [], prefixes: [] };
  const { segment, continuationToken } = value.value;
  const prefixes =
    'blobPrefixes' in segment ? ((segment.blobPrefixes as BlobPrefix[] | undefined) ?? []) : [];
  return {
    blobs: segment.blobItems,
    prefixes,
    ...(continuationToken ? { next: continuationToken } : {}),
  };
}

/** A name as it was listed, seen from the root; the layers refuse one that is not allowed. */
function pathOf(root: Root, name: string): ArtifactPath {
  const top = root.prefix === '' ? '' : `${root.prefix}/`;
  return parseArtifactPath(name.startsWith(top) ? name.slice(top.length) : name);
}

/** Some tools mark a directory by a blob of no bytes whose name ends with a slash. */
function isMarker({ name, properties }: BlobItem): boolean {
  return name.endsWith('/') && (properties.contentLength ?? 0) === 0;
}

function entriesOf(root: Root, page: Found): Entry[] {
  const directories = page.prefixes.map(({ name }): Entry => {
    return { path: pathOf(root, name.replace(/\/$/, '')), kind: 'directory', checksums: [] };
  });
  const named = new Set<string>(directories.map(({ path }) => path));
  const blobs = page.blobs.flatMap((blob): Entry[] => {
    if (isMarker(blob)) return [];
    const path = pathOf(root, blob.name);
    // A directory that is a blob as well comes as a prefix and as a blob.
    if (named.has(path) && isFolder(blob.metadata)) return [];
    const { properties, metadata } = blob;
    return [entryOf(path, { ...properties, metadata }, properties.contentLength)];
  });
  return [...blobs, ...directories];
}

/** Whether anything is stored below a path. */
export async function hasChildren(root: Root, path: ArtifactPath, io: Io): Promise<boolean> {
  const folder = folderOf(root, path);
  const ask = { folder, recursive: true, size: 2, token: undefined };
  const { blobs } = await pageOf(root, path, ask, io);
  return blobs.some(({ name }) => name !== folder);
}

/**
 * Pages of List Blobs: https://learn.microsoft.com/rest/api/storageservices/list-blobs
 * Directories of Data Lake accounts are entries of their own, also in a recursive listing. A page's marker is the
 * service's own.
 * @throws Failure invalid: a name that is not allowed as a path
 */
export async function* listPages(
  root: Root,
  under: Under,
  { recursive, marker }: { readonly recursive: boolean; readonly marker?: string },
  io: Io,
): AsyncGenerator<Page> {
  const folder = folderOf(root, under);
  let token = marker;
  while (token !== END) {
    const found = await pageOf(root, under, { folder, recursive, size: PAGE, token }, io);
    const entries = entriesOf(root, found);
    token = found.next ?? END;
    if (entries.length > 0) yield Object.assign(entries, { marker: token });
  }
}
