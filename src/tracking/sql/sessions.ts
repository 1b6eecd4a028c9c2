import type { Kysely, SelectQueryBuilder } from 'kysely';
import type { Io } from '../../core/io.ts';
import type { Tables } from './tables.ts';

/** A column that an unqualified name reaches. */
export interface CatalogColumn {
  readonly table_name: string;
  readonly column_name: string;
}

/** By the address of the rows (`rowid`, `ctid`), or by a clause of the statement (`limit`, `top`). */
export type DeleteSome = 'rowid' | 'ctid' | 'limit' | 'top';

/** A database as the stores see it: short transactions, whatever the system behind. */
export interface Sessions {
  /** Redacted URI. */
  readonly label: string;
  /** Runs statements that see one state of the database; on a server again when the connection was lost. @throws Failure */
  read<T>(io: Io, work: (db: Kysely<Tables>) => Promise<T>): Promise<T>;
  /**
   * Runs statements in one transaction, rolled back when `work` throws. SQLite gives the right to write from its start. A
   * database server does not: what must stay as it was read is read with `hold`, and `work` runs again when another
   * transaction was in the way. `work` awaits nothing but the database.
   * @throws Failure; with the effect `unknown` when the connection was lost while committing
   */
  write<T>(io: Io, work: (db: Kysely<Tables>) => Promise<T>): Promise<T>;
  /** The select, whose rows stay as read until the transaction ends; `share` lets others hold them so too. */
  hold<T extends keyof Tables, O>(
    query: SelectQueryBuilder<Tables, T, O>,
    mode: 'share' | 'own',
  ): SelectQueryBuilder<Tables, T, O>;
  /** Whether nobody else can write while a transaction does. */
  readonly writesAlone: boolean;
  /** How this system deletes no more than a number of rows at once. */
  readonly deleteSome: DeleteSome;
  /** Gives `now`: the time by the clock of the database, in ms; absent where that is the clock of this machine. */
  readonly clock?: string;
  /** Every column of every table. */
  catalog(db: Kysely<Tables>): Promise<readonly CatalogColumn[]>;
  close(): Promise<void>;
}
