import type { Io } from '../../core/io.ts';
import type { Sessions } from './sessions.ts';

/** What a database holds, read once when it is opened; code branches on these facts, never on a release or a dialect. */
export interface SchemaFacts {
  /** The alembic revision; absent in a database that holds none. */
  readonly revision?: string;
  /** No table at all. */
  readonly empty: boolean;
  /** Whether a table, or a column of it, exists. */
  has(table: string, column?: string): boolean;
}

/** Reads the facts in one transaction. @throws Failure */
export async function readFacts(sessions: Sessions, io: Io): Promise<SchemaFacts> {
  return await sessions.read(io, async (db) => {
    const columns = new Map<string, Set<string>>();
    for (const { table_name: table, column_name: column } of await sessions.catalog(db)) {
      columns.set(table, (columns.get(table) ?? new Set()).add(column));
    }
    const row = columns.has('alembic_version')
      ? await db.selectFrom('alembic_version').select('version_num').executeTakeFirst()
      : undefined;
    return Object.freeze({
      ...(row ? { revision: row.version_num } : {}),
      empty: columns.size === 0,
      has: (table: string, column?: string) =>
        column === undefined ? columns.has(table) : columns.get(table)?.has(column) === true,
    });
  });
}
