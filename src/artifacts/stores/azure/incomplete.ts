import { parseArtifactPath, type ArtifactPath } from '../../../core/artifact-path.ts';
import type { Io } from '../../../core/io.ts';
import type { Incomplete, Unfinished } from '../../store.ts';
import { waitingBlocks, type WaitingBlock } from './blocks.ts';
import { isNoBlob, statusOf } from './failures.ts';
import { blobOf, call, folderOf, type Root } from './root.ts';
import { statBlob } from './stat.ts';

const PAGE = 1000;
const AT_ONCE = 8;

/** Blocks of other programs are named by the first one's id. */
function tokenOf({ id, of }: WaitingBlock, first: string): string {
  if (of) return of.token;
  return first === '' ? id : first;
}

function uploadsOf(path: ArtifactPath, blocks: readonly WaitingBlock[]): readonly Unfinished[] {
  const bytes = new Map<string, number>();
  let foreign = '';
  for (const block of blocks) {
    const token = tokenOf(block, foreign);
    if (!block.of) foreign = token;
    bytes.set(token, (bytes.get(token) ?? 0) + block.size);
  }
  return [...bytes].map(([token, size]) => ({ path, token, bytes: size }));
}

/** The uploads that wait at a path where nothing is stored. */
async function uploadsAt(root: Root, path: ArtifactPath, io: Io): Promise<readonly Unfinished[]> {
  const blocks = await waitingBlocks(root, path, io);
  if (blocks.length === 0 || (await statBlob(root, path, io))) return [];
  return uploadsOf(path, blocks);
}

interface Names {
  /** Of blobs without a byte: those never committed are among them. */
  readonly paths: readonly ArtifactPath[];
  readonly next?: string;
}

function pathOf(root: Root, name: string): ArtifactPath {
  return parseArtifactPath(root.prefix === '' ? name : name.slice(root.prefix.length + 1));
}

async function namesOf(root: Root, prefix: string, token: string | undefined, io: Io): Promise<Names> {
  const settings = { maxPageSize: PAGE, ...(token === undefined ? {} : { continuationToken: token }) };
  const { value } = await call(root, '', 'list the unfinished uploads of', io, async (abortSignal) =>
    root.container
      .listBlobsFlat({ prefix, abortSignal, includeUncommitedBlobs: true })
      .byPage(settings)
      .next(),
  );
  if (value.done === true) return { paths: [] };
  const { segment, continuationToken } = value.value;
  const paths = segment.blobItems
    .filter(({ name, properties }) => !name.endsWith('/') && (properties.contentLength ?? 0) === 0)
    .map(({ name }) => pathOf(root, name));
  return { paths, ...(continuationToken ? { next: continuationToken } : {}) };
}

async function* uploadsBelow(
  root: Root,
  folder: string,
  io: Io,
): AsyncGenerator<readonly Unfinished[], void> {
  let token: string | undefined;
  do {
    const names = await namesOf(root, folder, token, io);
    for (let from = 0; from < names.paths.length; from += AT_ONCE) {
      const some = names.paths.slice(from, from + AT_ONCE);
      const found = (await Promise.all(some.map(async (path) => uploadsAt(root, path, io)))).flat();
      if (found.length > 0) yield found;
    }
    token = names.next;
  } while (token !== undefined);
}

/** The version of a blob of no blocks put at a path; undefined when something is stored there by now. */
async function commitNone(root: Root, path: ArtifactPath, io: Io): Promise<string | undefined> {
  try {
    const { value } = await call(root, path, 'drop the parts of', io, async (abortSignal) =>
      blobOf(root, path).commitBlockList([], { abortSignal, conditions: { ifNoneMatch: '*' } }),
    );
    return value.etag;
  } catch (thrown) {
    if ([409, 412].includes(statusOf(thrown) ?? 0)) return undefined;
    throw thrown;
  }
}

async function discard(root: Root, { path, token }: Unfinished, io: Io): Promise<void> {
  const waiting = uploadsOf(path, await waitingBlocks(root, path, io));
  if (!waiting.some((upload) => upload.token === token)) return;
  const etag = await commitNone(root, path, io);
  if (etag === undefined) return;
  try {
    await call(root, path, 'drop the parts of', io, async (abortSignal) =>
      blobOf(root, path).delete({ abortSignal, conditions: { ifMatch: etag } }),
    );
  } catch (thrown) {
    if (!isNoBlob(thrown) && statusOf(thrown) !== 412) throw thrown;
  }
}

/**
 * Blobs that have blocks and were never committed. Blocks that wait to replace a blob are not found: the service tells of
 * them only when each blob is asked, and has no way to drop them but to write that blob; they expire after a week. Every
 * empty blob below costs a request, since a listing does not tell it from one that was never committed.
 *
 * The service cannot drop blocks either where nothing is stored: an empty list is committed there, which drops them
 * all, and the empty blob that this makes is removed at once. Between the two a reader sees an empty blob, and another upload to that name that is under way loses
 * its blocks and fails. Whatever is stored there by then stays (conditions on both requests).
 * https://learn.microsoft.com/rest/api/storageservices/put-block-list#remarks
 */
export function incompleteOf(root: Root): Incomplete {
  return {
    list: async function* (under, io) {
      if (under !== '') {
        const itself = await uploadsAt(root, under, io);
        if (itself.length > 0) yield itself;
      }
      yield* uploadsBelow(root, folderOf(root, under), io);
    },
    discard: async (unfinished, io) => discard(root, unfinished, io),
  };
}
