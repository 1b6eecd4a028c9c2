import { sql, type Kysely, type RawBuilder } from 'kysely';
import type { Sessions } from '../sessions.ts';
import type { Tables } from '../tables.ts';

/** A condition on the rows of one table. */
export type Condition = RawBuilder<unknown>;

function statement(how: Sessions['deleteSome'], table: string, rows: Condition, most: number): Condition {
  const from = sql.table(table);
  const number = sql.raw(String(most));
  switch (how) {
    case 'rowid':
      return sql`delete from ${from} where rowid in (select rowid from ${from} where ${rows} limit ${number})`;
    case 'ctid':
      return sql`delete from ${from} where ctid = any(array(select ctid from ${from} where ${rows} limit ${number}))`;
    case 'limit':
      return sql`delete from ${from} where ${rows} limit ${number}`;
    case 'top':
      return sql`delete top (${number}) from ${from} where ${rows}`;
  }
}

/** Deletes rows of a table, `most` at most. @returns how many */
export async function deleteSome(
  db: Kysely<Tables>,
  { deleteSome: how }: Pick<Sessions, 'deleteSome'>,
  table: string,
  rows: Condition,
  most: number,
): Promise<number> {
  const { numAffectedRows } = await statement(how, table, rows, most).execute(db);
  return Number(numAffectedRows ?? 0);
}
