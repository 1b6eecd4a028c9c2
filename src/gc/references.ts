import type { Io } from '../core/io.ts';
import { Failure } from '../core/failure.ts';
import { modelsParts, parseLocation, runsParts, type Location } from '../core/location.ts';
import type { Collectable, Reference } from '../tracking/collect.ts';
import { placesOf, type Place } from './place.ts';
import type { Scratch } from './scratch/open-scratch.ts';

/** Where a recorded URI leads. @throws Failure when it leads nowhere */
export type Physical = (uri: string) => Promise<Location>;

/** Ids as MLflow makes them, wherever they stand in a path. */
const ID = /(?:^|[^0-9a-f-])((?:m-)?[0-9a-f]{32})(?![0-9a-f])/g;

/** What a live thing names: places, and rows by their ids. */
export interface Named {
  readonly places: readonly Place[];
  readonly ids: readonly string[];
}

function mentioned(uri: string): readonly string[] {
  return [...uri.matchAll(ID)].map(([, id = '']) => id);
}

/**
 * What a reference names. Ids in its path count too: the same place may be reached by another name (an alias of a host, a
 * proxy in front of a bucket), and of a URI that nobody can read they are all that is known.
 */
export async function namedBy(reference: Reference, physical: Physical): Promise<Named> {
  const { owner, uri, runId } = reference;
  if (uri === undefined) return { places: [], ids: runId === undefined ? [] : [runId] };
  const ids = reference.role === 'files' ? mentioned(uri).filter((id) => id !== owner.id) : [];
  try {
    const location = parseLocation(uri);
    if (location.scheme === 'runs') return { places: [], ids: [...ids, runsParts(location).runId] };
    if (location.scheme === 'models') {
      const parts = modelsParts(location);
      return { places: [], ids: parts.kind === 'id' ? [...ids, parts.modelId] : ids };
    }
    return { places: await placesOf(await physical(uri)), ids };
  } catch (thrown) {
    if (thrown instanceof Failure) return { places: [], ids };
    throw thrown;
  }
}

/** The owners among these that are to go: they need nothing. */
function goingOf(scratch: Scratch, page: readonly Reference[]): ReadonlySet<string> {
  const going = new Set<string>();
  for (const kind of ['run', 'model', 'trace', 'experiment'] as const) {
    const ids = page.filter(({ owner }) => owner.kind === kind).map(({ owner }) => owner.id);
    if (ids.length === 0) continue;
    const found = scratch.all(
      "SELECT id FROM items WHERE kind = ? AND id IN (SELECT value FROM json_each(?)) AND action = 'delete'",
      kind,
      JSON.stringify(ids),
    );
    for (const { id } of found) going.add(`${kind} ${String(id)}`);
  }
  return going;
}

const WORDS = {
  run: 'run',
  model: 'logged model',
  trace: 'trace',
  experiment: 'experiment',
  version: 'model version',
  workspace: 'workspace',
} as const;

/** Records in the scratch database what everything that stays names. */
export async function indexReferences(
  records: Collectable,
  locationTag: string,
  physical: Physical,
  scratch: Scratch,
  io: Io,
): Promise<void> {
  for await (const page of records.references(locationTag, io)) {
    const going = goingOf(scratch, page);
    const staying = page.filter(({ owner }) => !going.has(`${owner.kind} ${owner.id}`));
    const named = await Promise.all(staying.map(async (reference) => namedBy(reference, physical)));
    staying.forEach(({ owner, role }, at) => {
      const words = `${WORDS[owner.kind]} ${owner.id}`;
      for (const { store, path } of named[at]?.places ?? [])
        scratch.run('INSERT INTO refs VALUES (?, ?, ?, ?)', store, path, role, words);
      for (const id of named[at]?.ids ?? []) scratch.run('INSERT INTO needs VALUES (?, ?)', id, words);
    });
  }
}

/** A path and everything above it, '' included. */
function lineage(path: string): readonly string[] {
  const all = ['', path];
  for (let at = path.indexOf('/'); at >= 0; at = path.indexOf('/', at + 1)) all.push(path.slice(0, at));
  return all;
}

/** At a place or below it, in one range of the index; then what is around it. */
const OWNERS = `
SELECT owner FROM refs WHERE store = ?1 AND path >= ?2 AND path < ?2 || '0' AND (path = ?2 OR path >= ?2 || '/')
UNION ALL
SELECT owner FROM refs WHERE store = ?1 AND path IN (SELECT value FROM json_each(?3)) AND role = 'files'
LIMIT 1`;

/**
 * Who needs a place: whose files are there, below it or in what is around it, or who places files there or below it.
 * Whole segments are compared, never a prefix of the text.
 */
export function ownerOf(scratch: Scratch, { store, path }: Place): string | undefined {
  const found = scratch.first(OWNERS, store, path, JSON.stringify(lineage(path)));
  return found && String(found['owner']);
}

/** Who names a row by its id. */
export function needOf(scratch: Scratch, id: string): string | undefined {
  const found = scratch.first('SELECT owner FROM needs WHERE id = ? LIMIT 1', id);
  return found && String(found['owner']);
}
