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

/** A row as it is read, its columns in this order. */
const COLUMNS = 'seq, kind, id, experiment, uri, tagged, marked, named, root, action, reason, brake';
type Text = string | null;
type Row = readonly [
  seq: number,
  kind: CollectKind,
  id: string,
  experiment: string,
  uri: Text,
  tagged: Text,
  marked: Text,
  named: number,
  root: Text,
  action: Action,
  reason: Text,
  brake: Brake | null,
];

function itemOf(row: Row): Item {
  const [seq, kind, id, experimentId, uri, tagged, marked, named, root, action, reason, brake] = row;
  return {
    seq,
    kind,
    id,
    experimentId,
    ...(uri === null ? {} : { uri }),
    ...(tagged === null ? {} : { taggedUri: tagged }),
    ...(marked === null ? {} : { marked }),
    named: named === 1,
    ...(root === null ? {} : { root }),
    action,
    ...(reason === null ? {} : { reason }),
    ...(brake === null ? {} : { brake }),
  };
}

/** A page as one text: rows that the driver makes one by one cost four times as much. */
const pageOf = (where: string): string => `
SELECT json_group_array(json_array(${COLUMNS}) ORDER BY seq) AS page
FROM (SELECT * FROM items WHERE seq > ? AND ${where} ORDER BY seq LIMIT ${PAGE})`;

/** Pages of items in order; `where` is SQL of ours. */
export function* pagesWhere(
  scratch: Scratch,
  where: string,
  ...values: readonly (string | number)[]
): Generator<readonly Item[]> {
  const sql = pageOf(where);
  for (let after = 0; ;) {
    const rows = JSON.parse(String(scratch.first(sql, after, ...values)?.['page'])) as readonly Row[];
    const page = rows.map(itemOf);
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
  const [page] = pagesWhere(scratch, 'seq = ?', seq);
  return page?.[0];
}

/** How many items there are. */
export function countWhere(scratch: Scratch, where: string): number {
  return Number(scratch.first(`SELECT count(*) AS n FROM items WHERE ${where}`)?.['n']);
}
