import type { Candidate, CollectKind } from '../tracking/collect.ts';
import { COLLECTING_TAG, markedPlace } from '../tracking/collect.ts';
import type { Action, Brake, Item } from './item.ts';
import type { Scratch } from './scratch/open-scratch.ts';

const PAGE = 500;

/** What is noted of a row that was asked for. */
export interface Noted {
  readonly kind: CollectKind;
  readonly id: string;
  readonly experimentId: string;
  readonly uri?: string | undefined;
  readonly tags?: Candidate['tags'];
  readonly deletedTime?: number;
  readonly named: boolean;
  readonly action: Action;
  readonly reason?: string | undefined;
  readonly brake?: Brake | undefined;
}

/** Notes a row, unless it is noted already. */
export function note(scratch: Scratch, noted: Noted, locationTag: string): void {
  const { kind, id, experimentId, uri, tags = {}, named, action, reason, brake } = noted;
  scratch.run(
    `INSERT OR IGNORE INTO items (kind, id, experiment, uri, tagged, marked, named, action, reason, brake)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    kind,
    id,
    experimentId,
    uri ?? null,
    tags[locationTag] ?? null,
    markedPlace(tags[COLLECTING_TAG], noted) ?? null,
    named ? 1 : 0,
    action,
    reason ?? null,
    brake ?? null,
  );
}

/** Decides about an item anew. */
export function decide(scratch: Scratch, seq: number, action: Action, reason: string, brake?: Brake): void {
  scratch.run(
    'UPDATE items SET action = ?, reason = ?, brake = ? WHERE seq = ?',
    action,
    reason,
    brake ?? null,
    seq,
  );
}

type Row = ReturnType<Scratch['all']>[number];

function itemOf(row: Row): Item {
  const text = (key: string): string | undefined => (row[key] === null ? undefined : String(row[key]));
  const [uri, tagged, marked, root] = ['uri', 'tagged', 'marked', 'root'].map(text);
  const [reason, brake] = ['reason', 'brake'].map(text);
  return {
    seq: Number(row['seq']),
    kind: String(row['kind']) as CollectKind,
    id: String(row['id']),
    experimentId: String(row['experiment']),
    ...(uri === undefined ? {} : { uri }),
    ...(tagged === undefined ? {} : { taggedUri: tagged }),
    ...(marked === undefined ? {} : { marked }),
    named: row['named'] === 1,
    ...(root === undefined ? {} : { root }),
    action: String(row['action']) as Action,
    ...(reason === undefined ? {} : { reason }),
    ...(brake === undefined ? {} : { brake: brake as Brake }),
  };
}

/** Pages of items in order; `where` is SQL of ours. */
export function* pagesWhere(
  scratch: Scratch,
  where: string,
  ...values: readonly (string | number)[]
): Generator<readonly Item[]> {
  for (let after = 0; ;) {
    const page = scratch
      .all(`SELECT * FROM items WHERE seq > ? AND ${where} ORDER BY seq LIMIT ${PAGE}`, after, ...values)
      .map(itemOf);
    yield page;
    if (page.length < PAGE) return;
    after = page.at(-1)?.seq ?? after;
  }
}

/** Items in order; `where` is SQL of ours. */
export function* itemsWhere(...asked: Parameters<typeof pagesWhere>): Generator<Item> {
  for (const page of pagesWhere(...asked)) yield* page;
}

/** The item with a number. */
export function itemAt(scratch: Scratch, seq: number): Item | undefined {
  const row = scratch.first('SELECT * FROM items WHERE seq = ?', seq);
  return row && itemOf(row);
}

/** How many items there are. */
export function countWhere(scratch: Scratch, where: string): number {
  return Number(scratch.first(`SELECT count(*) AS n FROM items WHERE ${where}`)?.['n']);
}
