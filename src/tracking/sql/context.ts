import type { Clock } from '../../core/clock.ts';
import type { SchemaFacts } from './facts.ts';
import type { Sessions } from './sessions.ts';

/** What the roles of an open database share. */
export interface SqlContext {
  readonly sessions: Sessions;
  readonly facts: SchemaFacts;
  readonly clock: Clock;
  /** Only experiments of this workspace are seen, in a schema that has workspaces. */
  readonly workspace: string;
  /** Absolute default root of new experiments. */
  readonly artifactRoot: string;
  readonly cwd: string;
  /** Refuses when the database was opened for reading or has a schema that we do not know. */
  readonly assertWritable: () => void;
  readonly notify: (message: string) => void;
}

/** Rows that one statement reads at most: the driver of SQLite blocks while it reads. */
export const PAGE_ROWS = 1000;
