import { joinPath, type ArtifactPath, type Under } from '../../../../core/artifact-path.ts';
import { asFailure, Failure } from '../../../../core/failure.ts';
import type { Io } from '../../../../core/io.ts';
import { comparePaths } from '../../../../core/order.ts';
import type { Entry } from '../../../store.ts';
import { exceptionOf } from '../failures.ts';
import { isHidden, isTemporary } from '../names.ts';
import type { Call } from './call.ts';
import { askJson, placeOf, subjectOf, type WebHdfsClient } from './client.ts';
import { entryOf, meansAbsent, parseStatus, strange, type Status } from './status.ts';

const PAGE = 1000;

interface Batch {
  readonly statuses: readonly Status[];
  readonly remaining: number;
}

function statusesIn(holder: unknown, subject: string): readonly Status[] {
  const { FileStatuses: inner } = (holder ?? {}) as { readonly FileStatuses?: unknown };
  const { FileStatus: items } = (inner ?? {}) as { readonly FileStatus?: unknown };
  if (!Array.isArray(items)) throw strange(subject);
  return items.map((item) => {
    const status = parseStatus(item);
    if (!status) throw strange(subject);
    return status;
  });
}

function batchOf(answer: Record<string, unknown>, subject: string): Batch {
  const listing = answer['DirectoryListing'] as Record<string, unknown> | undefined;
  if (listing === undefined) return { statuses: statusesIn(answer, subject), remaining: 0 };
  const { remainingEntries: remaining, partialListing } = listing;
  if (typeof remaining !== 'number') throw strange(subject);
  return { statuses: statusesIn(partialListing, subject), remaining };
}

/** One part of a directory, after a name; servers before Hadoop 3 know no parts and give all. */
async function askBatch(client: WebHdfsClient, call: Call, startAfter: string, io: Io): Promise<Batch> {
  const query = startAfter === '' ? {} : { startAfter };
  try {
    return batchOf(await askJson(client, { ...call, op: 'LISTSTATUS_BATCH', query }, io), call.subject);
  } catch (thrown) {
    if (exceptionOf(thrown) !== 'IllegalArgumentException') throw thrown;
    return batchOf(await askJson(client, call, io), call.subject);
  }
}

/** All that is in a directory, hidden names included; nothing when it is absent or a file. */
export async function statusesBelow(client: WebHdfsClient, under: Under, io: Io): Promise<readonly Status[]> {
  const call = {
    method: 'GET',
    op: 'LISTSTATUS',
    doing: 'list',
    path: placeOf(client, under),
    subject: subjectOf(client, under),
  } as const;
  const found: Status[] = [];
  for (let after = ''; ;) {
    let batch: Batch;
    try {
      batch = await askBatch(client, call, after, io);
    } catch (thrown) {
      if (await meansAbsent(client, call.path, thrown, io)) return [];
      throw thrown;
    }
    // A file lists itself, without a name.
    if (batch.statuses[0]?.name === '') return [];
    for (const status of batch.statuses) found.push(status);
    const last = batch.statuses.at(-1);
    if (batch.remaining === 0 || !last) return found;
    after = last.name;
  }
}

function pathOf(under: Under, name: string, subject: string): ArtifactPath {
  try {
    return joinPath(under, name);
  } catch (thrown) {
    const reason = asFailure(thrown, subject).message;
    const message = `the listing of ${subject} names ${JSON.stringify(name)}, which is refused: ${reason}`;
    throw new Failure({ kind: 'corrupt', message, subject }, thrown);
  }
}

/** The entries of a directory in the order of listings: a name node sorts by name alone, and signed bytes. */
async function entriesIn(client: WebHdfsClient, under: Under, io: Io): Promise<readonly Entry[]> {
  const subject = subjectOf(client, under);
  const statuses = await statusesBelow(client, under, io);
  return statuses
    .filter(({ name }) => !isTemporary(name))
    .map((status) => entryOf(pathOf(under, status.name, subject), status))
    .sort((a, b) => comparePaths(a.path, b.path, a.kind === 'directory', b.kind === 'directory'));
}

/** Whether an entry comes after `after`, whose kind the entries themselves tell if it is among them. */
function rest(entries: readonly Entry[], after: ArtifactPath | undefined): readonly Entry[] {
  if (after === undefined) return entries;
  const index = entries.findIndex(({ path }) => path === after);
  if (index >= 0) return entries.slice(index + 1);
  return entries.filter(({ path, kind }) => comparePaths(path, after, kind === 'directory') > 0);
}

async function* walk(
  client: WebHdfsClient,
  under: Under,
  after: ArtifactPath | undefined,
  io: Io,
): AsyncGenerator<Entry> {
  const entries = await entriesIn(client, under, io);
  // The directory that `after` is, or is in, was given before, and is entered again.
  const arrived = entries.find(
    ({ path, kind }) => kind === 'directory' && (after === path || after?.startsWith(`${path}/`) === true),
  );
  if (arrived) yield* walk(client, arrived.path, after === arrived.path ? undefined : after, io);
  for (const entry of rest(entries, arrived?.path ?? after)) {
    yield entry;
    if (entry.kind === 'directory') yield* walk(client, entry.path, undefined, io);
  }
}

async function* entriesBelow(
  client: WebHdfsClient,
  under: Under,
  options: { readonly recursive: boolean; readonly after?: ArtifactPath },
  io: Io,
): AsyncGenerator<Entry> {
  if (options.recursive) yield* walk(client, under, options.after, io);
  else yield* rest(await entriesIn(client, under, io), options.after);
}

/**
 * Pages of at most 1000 entries; directories come before what is in them. Held are the directories on the way down, each
 * fetched in parts (`dfs.ls.limit`, 1000 unless changed). A directory that vanishes meanwhile is empty.
 * @throws Failure corrupt for a hostile name; denied when a directory may not be read
 */
export async function* listPages(
  client: WebHdfsClient,
  under: Under,
  options: { readonly recursive: boolean; readonly after?: ArtifactPath },
  io: Io,
): AsyncGenerator<readonly Entry[]> {
  if (isHidden(under)) return;
  let page: Entry[] = [];
  for await (const entry of entriesBelow(client, under, options, io)) {
    page.push(entry);
    if (page.length < PAGE) continue;
    yield page;
    page = [];
  }
  if (page.length > 0) yield page;
}
