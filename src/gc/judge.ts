import { asFailure, Failure } from '../core/failure.ts';
import { formatLocation } from '../core/location.ts';
import type { Item } from './item.ts';
import { decide, itemAt, pagesWhere } from './items.ts';
import { createPlaces, subtreeOf, type Place, type Subtree } from './place.ts';
import { needOf, ownerOf, type Physical } from './references.ts';
import type { Scratch } from './scratch/open-scratch.ts';

/** What decides about items. */
export interface Judging {
  readonly scratch: Scratch;
  readonly physical: Physical;
  readonly breakReferences: boolean;
  readonly warn: (message: string) => void;
}

/**
 * The subtrees of an item: that of its tag, and its own. A tag of another shape was not written by mlstow: it is left
 * alone.
 * @throws Failure refused, invalid, unsupported, misconfigured: its own location cannot be followed
 */
export async function subtreesOf(
  item: Item,
  { physical, warn }: Pick<Judging, 'physical' | 'warn'>,
): Promise<readonly Subtree[]> {
  const { kind, id, experimentId, uri, taggedUri } = item;
  if (kind === 'experiment') return [];
  if (uri === undefined && kind !== 'trace') {
    throw new Failure({
      kind: 'corrupt',
      message: `no artifact location is recorded for the ${kind} ${id}`,
      subject: id,
    });
  }
  const own = uri === undefined ? [] : [subtreeOf(kind, id, experimentId, await physical(uri))];
  if (taggedUri === undefined || taggedUri === uri) return own;
  return [...(await taggedSubtree(item, taggedUri, physical, warn)), ...own];
}

async function taggedSubtree(
  { id, experimentId }: Item,
  taggedUri: string,
  physical: Physical,
  warn: (message: string) => void,
): Promise<readonly Subtree[]> {
  try {
    const subtree = subtreeOf('run', id, experimentId, await physical(taggedUri));
    if (formatLocation(subtree.root) !== formatLocation(subtree.base)) return [subtree];
  } catch (thrown) {
    if (!(thrown instanceof Failure)) throw thrown;
    if (thrown.kind !== 'refused' && thrown.kind !== 'invalid') throw thrown;
  }
  warn(
    `run ${id} carries a tag that is not a location ending in /<experiment_id>/<run_id>/artifacts; what it names is not removed`,
  );
  return [];
}

/** Where an item's files are. */
interface Found {
  readonly root?: string;
  readonly places: readonly Place[];
}

async function locate(
  item: Item,
  judging: Judging,
  placesAt: ReturnType<typeof createPlaces>,
): Promise<Found> {
  const subtrees = await subtreesOf(item, judging);
  const places: Place[] = [];
  for (const { base, under } of subtrees)
    for (const { store, path } of await placesAt(base))
      places.push({ store, path: path === '' ? under : `${path}/${under}` });
  const root = subtrees.at(-1)?.root;
  return root ? { root: formatLocation(root), places } : { places };
}

function neededBy(item: Item, places: readonly Place[], scratch: Scratch): string | undefined {
  const named = needOf(scratch, item.id);
  if (named !== undefined) return named;
  for (const place of places) {
    const owner = ownerOf(scratch, place);
    if (owner !== undefined) return owner;
  }
  return undefined;
}

const keepReason = (owner: string): string => `${owner} needs it; --break-references overrides`;

/** Notes the roots of items; those of one page are nearly always the same. */
function noteRoots(scratch: Scratch, roots: ReadonlyMap<string, readonly number[]>): void {
  for (const [root, items] of roots)
    scratch.run(
      'UPDATE items SET root = ? WHERE seq IN (SELECT value FROM json_each(?))',
      root,
      JSON.stringify(items),
    );
}

/** Decides about every item that is to go: what cannot be followed fails, what somebody needs is kept. */
export async function judge(judging: Judging): Promise<void> {
  const { scratch, breakReferences } = judging;
  const placesAt = createPlaces();
  const kept: number[] = [];
  for (const page of pagesWhere(scratch, "action = 'delete' AND kind <> 'experiment'")) {
    const roots = new Map<string, number[]>();
    for (const item of page) {
      let found: Found;
      try {
        found = await locate(item, judging, placesAt);
      } catch (thrown) {
        decide(scratch, item.seq, 'fail', asFailure(thrown, item.id).message);
        continue;
      }
      const { root, places } = found;
      if (root !== undefined)
        roots
          .set(root, roots.get(root) ?? [])
          .get(root)
          ?.push(item.seq);
      for (const { store, path } of places)
        scratch.run('INSERT INTO own VALUES (?, ?, ?)', store, path, item.seq);
      const owner = breakReferences ? undefined : neededBy(item, places, scratch);
      if (owner === undefined) continue;
      decide(scratch, item.seq, 'keep', keepReason(owner), 'reference');
      kept.push(item.seq);
    }
    noteRoots(scratch, roots);
  }
  if (kept.length > 0) keepSharers(scratch, kept);
  // Made when all is there: kept in order row by row, an index costs as much as the rows.
  scratch.run('CREATE INDEX IF NOT EXISTS by_root ON items (root, seq)');
}

/** What is kept needs its files like everything else that stays. */
function keepSharers(scratch: Scratch, kept: number[]): void {
  scratch.run('CREATE INDEX IF NOT EXISTS own_places ON own (store, path)');
  scratch.run('CREATE INDEX IF NOT EXISTS own_items ON own (seq)');
  for (let seq = kept.pop(); seq !== undefined; seq = kept.pop()) {
    const item = itemAt(scratch, seq);
    for (const { store, path } of scratch.all('SELECT store, path FROM own WHERE seq = ?', seq)) {
      const around = String(path).split('/');
      const above = around.map((_, at) => around.slice(0, at + 1).join('/'));
      const sharing = scratch.all(
        `SELECT seq FROM own WHERE store = ? AND (path IN (${above.map(() => '?').join(', ')}) OR (path >= ? AND path < ?))`,
        String(store),
        ...above,
        `${String(path)}/`,
        `${String(path)}0`,
      );
      for (const { seq: other } of sharing) {
        if (other === seq || itemAt(scratch, Number(other))?.action !== 'delete') continue;
        const owner = `${item?.kind ?? ''} ${item?.id ?? ''}, which is kept,`;
        decide(scratch, Number(other), 'keep', keepReason(owner), 'reference');
        kept.push(Number(other));
      }
    }
  }
}
