import type { Dialect } from 'kysely';
import type { Failure } from '../../../core/failure.ts';
import type { RunStatement, StatementResult } from '../session-dialect.ts';
import type { DeleteSome } from '../sessions.ts';

/** One connection to a database server, logged in. Not for concurrent use. */
export interface VendorConnection {
  /** Runs one statement. @throws what the driver throws */
  run(sql: string, parameters: readonly unknown[]): Promise<StatementResult>;
  /** Whether it has ended and cannot be used again. */
  isLost(): boolean;
  /** Cuts it off at once; what it runs fails, and nothing of it keeps the process alive. */
  destroy(): void;
  /** Takes leave of the server. */
  close(): Promise<void>;
}

/** What differs between database servers. */
export interface Vendor {
  /** Connects and logs in. @throws Failure, or what the driver throws */
  connect(signal: AbortSignal): Promise<VendorConnection>;
  /** kysely's dialect, whose statements run where the session says. */
  dialect(run: RunStatement): Dialect;
  /** Statements that begin a transaction which sees one state and changes nothing. */
  readonly beginRead: readonly string[];
  /** Statements that begin a transaction which sees what others have committed. */
  readonly beginWrite: readonly string[];
  readonly commit: string;
  readonly rollback: string;
  /** Gives `table_name` and `column_name` of every table that an unqualified name reaches. */
  readonly catalog: string;
  /** What is appended to a select whose rows shall stay as read: `share` lets others read them so too. */
  readonly hold: { readonly share: string; readonly own: string };
  readonly deleteSome: DeleteSome;
  /** Gives `now`: the server's time in ms. */
  readonly clock: string;
  /** Takes a lock by name that lasts until the connection ends. Gives `taken`: 1, or else somebody else has it. */
  readonly lock: (name: string) => string;
  /** What the driver threw, by the vendor's codes. */
  failure(thrown: unknown): Failure;
}
