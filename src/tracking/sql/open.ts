import type { Clock } from '../../core/clock.ts';
import { Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import { redactUri } from '../../core/redact.ts';
import type { TrackingStore } from '../store.ts';
import type { ServerOptions } from './servers/options.ts';

/** How a database is opened. */
export interface SqlStoreOptions {
  /** `sqlite:///file.db`, `postgresql://…`, `mysql://…` or `mssql://…`, as SQLAlchemy writes them. */
  readonly uri: string;
  /** `read` and `write` need a database that exists; `create` makes an absent or empty one of SQLite. */
  readonly intent: 'read' | 'write' | 'create';
  /** Where new experiments go; default `./mlruns`, as MLflow with a database that it opens directly. */
  readonly defaultArtifactRoot?: string;
  /** Where relative paths start. */
  readonly cwd: string;
  readonly clock: Clock;
  /** Default `default`. */
  readonly workspace?: string;
  readonly notify: (message: string) => void;
  /** Stops and traces the opening. */
  readonly io?: Io;
  /** How a database server is reached; SQLite needs none. */
  readonly server?: () => ServerOptions;
}

const DATABASE = /^(?<dialect>sqlite|postgresql|postgres|mysql|mssql)(?:\+\w+)?:/i;

/**
 * Opens a database of MLflow, at any revision for reading, at a known one for writing; never migrates it. Only SQLite is
 * created, by the intent `create`.
 * @throws Failure not-found, misconfigured (unknown revision, not a database URI), denied, unauthenticated, corrupt,
 * unavailable, timeout
 */
export async function openSqlStore(options: SqlStoreOptions): Promise<TrackingStore> {
  const dialect = DATABASE.exec(options.uri)?.groups?.['dialect']?.toLowerCase();
  if (dialect === 'sqlite') return (await import('./open-sqlite.ts')).openSqlite(options);
  if (dialect !== undefined && options.server) {
    return (await import('./servers/open-server.ts')).openServer(options, options.server());
  }
  throw new Failure({
    kind: 'internal',
    message: `${redactUri(options.uri)} was opened as a database`,
    subject: 'tracking.uri',
  });
}
