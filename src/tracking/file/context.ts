import type { Clock } from '../../core/clock.ts';
import type { Io } from '../../core/io.ts';

/** What the roles of an open file store share. */
export interface FileContext {
  /** Redacted URI. */
  readonly label: string;
  /** Absolute path of the store's folder. */
  readonly root: string;
  /** URI below which new experiments are placed. */
  readonly artifactRoot: string;
  readonly cwd: string;
  readonly clock: Clock;
  readonly notify: (message: string) => void;
  /** Refuses when the store was opened for reading. */
  readonly assertWritable: () => void;
  /** Runs work while no other mlstow process changes experiments. MLflow takes no lock. */
  readonly alone: <T>(io: Io, work: () => Promise<T>) => Promise<T>;
}
