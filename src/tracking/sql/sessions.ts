import type { Kysely } from 'kysely';
import type { Io } from '../../core/io.ts';
import type { Tables } from './tables.ts';

/** A database as the stores see it: short transactions, whatever the system behind. */
export interface Sessions {
  /** Redacted URI. */
  readonly label: string;
  /** Runs statements that see one state of the database. @throws Failure */
  read<T>(io: Io, work: (db: Kysely<Tables>) => Promise<T>): Promise<T>;
  /**
   * Runs statements in one transaction that holds the right to write from its start; rolled back when `work` throws.
   * `work` awaits nothing but the database.
   * @throws Failure
   */
  write<T>(io: Io, work: (db: Kysely<Tables>) => Promise<T>): Promise<T>;
  close(): Promise<void>;
}
