import type { Io } from '../../core/io.ts';
import type { Location } from '../../core/location.ts';
import type { Collectable, CollectKind } from '../../tracking/collect.ts';
import { placesOf, type Place } from '../place.ts';
import { needOf, ownerOf } from '../references.ts';
import type { Scratch } from '../scratch/open-scratch.ts';
import { UNDATED } from './survey.ts';

/** Ids looked up at once. */
const CHUNK = 500;

/** Why what was found is no orphan. */
export type NoOrphan = 'in_use' | 'young' | 'undated';

interface Judging {
  readonly scratch: Scratch;
  /** Every database whose rows may own what lies there. */
  readonly databases: readonly Collectable[];
  readonly root: Location;
  /** What is younger is live, in ms since the epoch. */
  readonly before: number;
  readonly io: Io;
}

type Row = ReturnType<Scratch['all']>[number];

/** The rows that databases know, whatever their stage and wherever they say that their files are. */
async function knownOf(
  rows: readonly Row[],
  kind: CollectKind,
  { databases, io }: Judging,
): Promise<ReadonlySet<string>> {
  const ids = rows.filter((row) => row['kind'] === kind).map((row) => String(row['id']));
  const known = new Set<string>();
  if (ids.length === 0) return known;
  for (const database of databases) {
    const scope = { workspace: 'all', tagKeys: [] } as const;
    for (const { id } of await database.find(kind, ids, scope, io)) known.add(id);
  }
  return known;
}

function stateOf(row: Row, isKnown: boolean, places: readonly Place[], judging: Judging): NoOrphan | null {
  const { scratch, before } = judging;
  const under = String(row['under']);
  const isOwned = places.some(
    ({ store, path }) =>
      ownerOf(scratch, { store, path: path === '' ? under : `${path}/${under}` }) !== undefined,
  );
  if (isKnown || row['recorded'] === 1 || isOwned || needOf(scratch, String(row['id'])) !== undefined)
    return 'in_use';
  const newest = Number(row['objects'] === 0 ? row['folder'] : row['newest']);
  if (row['undated'] === 1 || newest === UNDATED) return 'undated';
  return newest > before ? 'young' : null;
}

/** Decides which of what was found is no orphan; references must be indexed before. */
export async function judgeOrphans(judging: Judging): Promise<void> {
  const { scratch, root } = judging;
  const places = await placesOf(root);
  for (let after = 0; ;) {
    const rows = scratch.all('SELECT * FROM found WHERE seq > ? ORDER BY seq LIMIT ?', after, CHUNK);
    for (const kind of ['run', 'model', 'trace'] as const) {
      const known = await knownOf(rows, kind, judging);
      for (const row of rows) {
        if (row['kind'] !== kind) continue;
        const state = stateOf(row, known.has(String(row['id'])), places, judging);
        scratch.run('UPDATE found SET state = ? WHERE seq = ?', state, Number(row['seq']));
      }
    }
    if (rows.length < CHUNK) return;
    after = Number(rows.at(-1)?.['seq']);
  }
}
