import { parseArtifactPath, type ArtifactPath, type Under } from '../../../core/artifact-path.ts';
import type { Io } from '../../../core/io.ts';
import { comparePaths } from '../../../core/order.ts';
import type { Entry } from '../../store.ts';
import { entryOf, FIELDS, type Resource } from './entry.ts';
import { folderOf, keyOf, objectsUrl, subjectOf, type Root } from './root.ts';
import { statObject } from './stat.ts';

/** The most that one page holds; Google gives no more. */
const PAGE = '1000';
/** The character after `/`: what starts with it follows everything below a directory. */
const AFTER_SLASH = '0';

interface Page {
  readonly items: readonly Resource[];
  readonly prefixes: readonly string[];
  readonly next?: string;
}

type Query = Readonly<Record<string, string>>;

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

async function page(root: Root, under: Under, query: Query, io: Io): Promise<Page> {
  const fields = `nextPageToken,prefixes,items(${FIELDS})`;
  const url = objectsUrl(root, { maxResults: PAGE, fields, ...query });
  const subject = subjectOf(root, under);
  const answer = await root.client.ask({ method: 'GET', doing: 'list', subject, url }, io);
  const next = answer['nextPageToken'];
  return {
    items: listOf(answer['items']) as readonly Resource[],
    prefixes: listOf(answer['prefixes']) as readonly string[],
    ...(typeof next === 'string' && next !== '' ? { next } : {}),
  };
}

/** A name as it was listed, seen from the root; the layers refuse one that is not allowed. */
function pathOf(root: Root, key: string): ArtifactPath {
  const top = root.prefix === '' ? '' : `${root.prefix}/`;
  return parseArtifactPath(key.startsWith(top) ? key.slice(top.length) : key);
}

function nameOf({ name }: Resource): string {
  return typeof name === 'string' ? name : '';
}

/** Consoles and tools mark a directory by an object of no bytes whose name ends with a slash. */
function isMarker(item: Resource, folder: string): boolean {
  const key = nameOf(item);
  return key === folder || (key.endsWith('/') && Number(item['size'] ?? 0) === 0);
}

function entriesOf(root: Root, found: Page, folder: string, startsAt: string | undefined): Entry[] {
  const files = found.items
    .filter((item) => !isMarker(item, folder) && nameOf(item) !== startsAt)
    .map((item) => entryOf(pathOf(root, nameOf(item)), item));
  const directories = found.prefixes.map((key): Entry => ({
    path: pathOf(root, key.replace(/\/$/, '')),
    kind: 'directory',
    checksums: [],
  }));
  return [...files, ...directories].sort((a, b) =>
    comparePaths(a.path, b.path, a.kind === 'directory', b.kind === 'directory'),
  );
}

/** Whether anything is stored below a path. */
export async function hasChildren(root: Root, path: ArtifactPath, io: Io): Promise<boolean> {
  const folder = folderOf(root, path);
  const { items } = await page(root, path, { prefix: folder, maxResults: '2' }, io);
  return items.some((item) => nameOf(item) !== folder);
}

/** The name to go on at; a listing includes it. Behind a whole directory when the entry was one. */
async function offsetAfter(root: Root, after: ArtifactPath, recursive: boolean, io: Io): Promise<string> {
  const key = keyOf(root, after);
  if (recursive || !(await hasChildren(root, after, io))) return key;
  return (await statObject(root, after, io)) ? key : `${key}${AFTER_SLASH}`;
}

/**
 * Pages of Objects: list. https://cloud.google.com/storage/docs/json_api/v1/objects/list
 * @throws Failure invalid: a name that is not allowed as a path
 */
export async function* listPages(
  root: Root,
  under: Under,
  options: { readonly recursive: boolean; readonly after?: ArtifactPath },
  io: Io,
): AsyncGenerator<readonly Entry[]> {
  const { recursive, after } = options;
  const startOffset = after === undefined ? undefined : await offsetAfter(root, after, recursive, io);
  const passed = after !== undefined && startOffset === keyOf(root, after) ? startOffset : undefined;
  const folder = folderOf(root, under);
  const ask: Query = {
    prefix: folder,
    ...(recursive ? {} : { delimiter: '/' }),
    ...(startOffset === undefined ? {} : { startOffset }),
  };
  let token: string | undefined;
  do {
    const found = await page(root, under, token === undefined ? ask : { ...ask, pageToken: token }, io);
    const entries = entriesOf(root, found, folder, passed);
    if (entries.length > 0) yield entries;
    token = found.next;
  } while (token !== undefined);
}
