import type { Clock } from '../../../core/clock.ts';
import type { RetryPolicy } from '../../../core/retry.ts';

/** How database servers are reached, from the settings; what the URI says comes first. */
export interface ServerOptions {
  readonly clock: Clock;
  /** Lost connections, deadlocks and full servers are tried again by it. */
  readonly retry: RetryPolicy;
  /** How long connecting, or one statement, may take, in ms. */
  readonly timeoutMs: number;
  readonly pool: PoolOptions;
  /** PEM file with more authorities to trust, for every system. */
  readonly caFile?: string;
  /** PEM files for MySQL (MLFLOW_MYSQL_SSL_*). */
  readonly mysql: { readonly caFile?: string; readonly certFile?: string; readonly keyFile?: string };
  /** What libpq reads from its environment (PG*). */
  readonly postgres: {
    readonly user?: string;
    readonly password?: string;
    readonly sslMode?: string;
    readonly rootCertFile?: string;
  };
  /** Who runs this process: PostgreSQL's default user. */
  readonly osUser: string;
  /** Where relative paths start. */
  readonly cwd: string;
  /** Told of what the URI asks for and is not done. */
  readonly notify: (message: string) => void;
  /** Told every statement, without its values. */
  readonly echo?: (sql: string) => void;
}

/** How many connections there are, and for how long. */
export interface PoolOptions {
  /** Kept open between transactions; 0 for none. */
  readonly keep: number;
  /** At the same time. */
  readonly most: number;
  /** Age at which a connection is replaced, in ms. */
  readonly recycleMs: number;
}
