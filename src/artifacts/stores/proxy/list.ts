import { joinPath, type ArtifactPath, type Under } from '../../../core/artifact-path.ts';
import { asFailure, Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import { comparePaths } from '../../../core/order.ts';
import { readText } from '../../../net/read-body.ts';
import type { Entry } from '../../store.ts';
import { listUrl, placeOf } from './address.ts';
import { readAnswer, send, subjectOf, type ProxyClient } from './client.ts';
import { strangeAnswer } from './failures.ts';
import { placeTrouble, troubleFailure } from './name-trouble.ts';

/** Far more than a million entries; the protocol has no paging for artifacts. */
const MAX_LISTING_BYTES = 256 * 1024 * 1024;
const PAGE = 1_000;
/** A server that lists a directory within itself without end is cut off here. */
const MAX_DEPTH = 256;

interface Listed {
  readonly name: string;
  readonly directory: boolean;
  readonly size: number;
}

function listedOf(item: unknown): Listed | undefined {
  if (typeof item !== 'object' || item === null) return undefined;
  const { path, is_dir: directory, file_size: size = 0 } = item as Record<string, unknown>;
  const bytes = typeof size === 'string' ? Number(size) : size;
  if (typeof path !== 'string' || typeof bytes !== 'number' || !Number.isSafeInteger(bytes)) return undefined;
  return { name: path, directory: directory === true, size: bytes };
}

function parseListing(text: string): readonly Listed[] | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
  const { files = [] } = parsed as { readonly files?: unknown };
  if (!Array.isArray(files)) return undefined;
  const listed = files.map(listedOf);
  return listed.every((each) => each !== undefined) ? listed : undefined;
}

/** One listing: `{}` is what the server says of a missing directory, an empty one and a file. */
async function askListing(
  client: ProxyClient,
  place: string,
  subject: string,
  io: Io,
): Promise<readonly Listed[]> {
  const trouble = placeTrouble(place);
  if (trouble !== undefined) throw troubleFailure(subject, trouble);
  const call = { method: 'GET', doing: 'list', subject, url: listUrl(client.address, place) } as const;
  const response = await send(client, call, io);
  if (/^text\/html\b/i.test(response.headers['content-type'] ?? '')) {
    throw strangeAnswer(await readAnswer(response), call);
  }
  const { status, headers, url } = response;
  const body = await readText(response, MAX_LISTING_BYTES);
  const listed = parseListing(body);
  if (!listed) throw strangeAnswer({ status, headers, url, body }, call);
  return listed;
}

function hostile(subject: string, name: string, cause: unknown): Failure {
  return new Failure(
    {
      kind: 'corrupt',
      message: `the listing of ${subject} names ${JSON.stringify(name)}, which is refused: ${asFailure(cause, subject).message}`,
      hint: 'rename or remove it where it is stored',
      subject,
    },
    cause,
  );
}

/** The server gives names without directories; anything else may try to leave the directory (CVE-2023-6018). */
function entryOf(under: Under, { name, directory, size }: Listed, subject: string): Entry {
  let path: ArtifactPath;
  try {
    if (name.includes('/')) {
      throw new Failure({ kind: 'invalid', message: 'it has a slash', subject });
    }
    path = joinPath(under, name);
  } catch (thrown) {
    throw hostile(subject, name, thrown);
  }
  return directory ? { path, kind: 'directory', checksums: [] } : { path, kind: 'file', size, checksums: [] };
}

function nameIn(place: string): string {
  return place.slice(place.lastIndexOf('/') + 1);
}

/** Whether a place is a directory, asked of its parent. */
async function isDirectory(client: ProxyClient, place: string, subject: string, io: Io): Promise<boolean> {
  const parent = place.slice(0, Math.max(0, place.lastIndexOf('/')));
  const around = await askListing(client, parent, subject, io);
  return around.some(({ name, directory }) => directory && name === nameIn(place));
}

/**
 * The entries of one directory in the order of listings; none when it is missing, empty or a file. Some servers list a
 * file as the one file in itself: that is told from a directory by one more question.
 * @throws Failure corrupt for a hostile name; not-found when the server's own store is missing
 */
export async function listDirectory(client: ProxyClient, under: Under, io: Io): Promise<readonly Entry[]> {
  const subject = subjectOf(client, under);
  const place = placeOf(client.address, under);
  const listed = await askListing(client, place, subject, io);
  const [only] = listed;
  if (listed.length === 1 && only && !only.directory && only.name === nameIn(place)) {
    if (!(await isDirectory(client, place, subject, io))) return [];
  }
  const entries = listed.map((each) => entryOf(under, each, subject));
  return entries.toSorted((a, b) =>
    comparePaths(a.path, b.path, a.kind === 'directory', b.kind === 'directory'),
  );
}

/** Whether the server's own root holds anything: the one sign that its store is there, since a missing one lists as `{}`. */
export async function holdsAnything(client: ProxyClient, io: Io): Promise<boolean> {
  return (await askListing(client, '', client.label, io)).length > 0;
}

function follows(entry: Entry, after: ArtifactPath | undefined): boolean {
  if (after === undefined) return true;
  return comparePaths(entry.path, after, entry.kind === 'directory') > 0;
}

/** The direct entries after `after`, which may be a directory itself: its place among them tells. */
function rest(entries: readonly Entry[], after: ArtifactPath | undefined): readonly Entry[] {
  const index = entries.findIndex(({ path }) => path === after);
  if (index >= 0) return entries.slice(index + 1);
  return entries.filter((entry) => follows(entry, after));
}

async function* filesBelow(
  client: ProxyClient,
  under: Under,
  after: ArtifactPath | undefined,
  depth: number,
  io: Io,
): AsyncGenerator<Entry> {
  if (depth > MAX_DEPTH) {
    const subject = subjectOf(client, under);
    const message = `the listing of ${subject} is more than ${MAX_DEPTH} directories deep`;
    throw new Failure({ kind: 'corrupt', message, subject });
  }
  for (const entry of await listDirectory(client, under, io)) {
    if (entry.kind !== 'directory') {
      if (follows(entry, after)) yield entry;
    } else if (after?.startsWith(`${entry.path}/`) === true || follows(entry, after)) {
      yield* filesBelow(client, entry.path, after, depth + 1, io);
    }
  }
}

/**
 * Pages of at most 1000 entries, one request per directory: the protocol has no paging. A recursive listing gives files
 * only, as `directories: 'virtual'` promises, because the server's store may have no directories.
 */
export async function* listPages(
  client: ProxyClient,
  under: Under,
  options: { readonly recursive: boolean; readonly after?: ArtifactPath },
  io: Io,
): AsyncGenerator<readonly Entry[]> {
  const { recursive, after } = options;
  const entries = recursive
    ? filesBelow(client, under, after, 0, io)
    : rest(await listDirectory(client, under, io), after);
  let page: Entry[] = [];
  for await (const entry of entries) {
    page.push(entry);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
