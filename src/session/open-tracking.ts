import type { Config } from '../config/resolve.ts';
import { Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import { redactUri } from '../core/redact.ts';
import { defaultTrackingUri } from '../tracking/default-uri.ts';
import type { TrackingStore } from '../tracking/store.ts';
import type { Log } from './log.ts';
import type { Server } from './server.ts';
import type { Intent, World } from './session.ts';

/** The tracking URI in force: the one set, else what mlflow chooses in this directory. */
export async function trackingUriOf(config: Config, cwd: string): Promise<string> {
  return config.get('tracking.uri') ?? (await defaultTrackingUri(cwd));
}

interface TrackingOptions {
  readonly uri: string;
  readonly intent: Intent;
  readonly config: Config;
  readonly world: World;
  readonly log: Log;
  readonly io: Io;
  /** The tracking server, when the URI names one. */
  readonly server: () => Promise<Server>;
}

/** The schemes of SQLAlchemy: `mysql+pymysql`. */
const DATABASE = /^(sqlite|postgresql|postgres|mysql|mssql)(\+\w+)?:/i;

/** What MLflow takes for a Databricks workspace, also as a bare word. */
const DATABRICKS = /^(databricks|databricks-uc|uc)(:|$)/i;

/** What keeps the records that a tracking URI names; `other` is what mlstow does not open. */
export type Keeper = 'server' | 'database' | 'folder' | 'other';

function schemeOf(uri: string): string {
  if (DATABRICKS.test(uri)) return 'databricks';
  return /^([A-Za-z][A-Za-z0-9+.-]+):/.exec(uri)?.[1]?.toLowerCase() ?? '';
}

/** What keeps the records, by the shape of the URI alone. */
export function keeperOf(uri: string): Keeper {
  const scheme = schemeOf(uri);
  if (scheme === 'http' || scheme === 'https') return 'server';
  if (DATABASE.test(uri)) return 'database';
  return scheme === 'file' || scheme === '' ? 'folder' : 'other';
}

/** Opens the tracking store that a URI names. @throws Failure unsupported, not-found (a mistyped path), misconfigured */
export async function openTracking(options: TrackingOptions): Promise<TrackingStore> {
  const keeper = keeperOf(options.uri);
  if (keeper === 'server') return openRest(options);
  if (keeper === 'database') return openSql(options);
  const names = schemeOf(options.uri);
  if (keeper === 'folder') return openFile(options, names === 'file');
  throw new Failure({
    kind: 'unsupported',
    message: `the tracking URI ${redactUri(options.uri)} names ${names}, which mlstow does not open`,
    hint: 'use http(s)://… of a tracking server, postgresql://…, mysql+pymysql://…, mssql+pyodbc://…, sqlite:///path.db, or file:///path',
    subject: 'tracking.uri',
    settings: ['tracking.uri'],
  });
}

async function openRest({ server }: TrackingOptions): Promise<TrackingStore> {
  const { openRestStore } = await import('../tracking/rest/open-rest-store.ts');
  return openRestStore((await server()).options);
}

async function openSql({ uri, intent, config, world, log, io }: TrackingOptions): Promise<TrackingStore> {
  const { openSqlStore } = await import('../tracking/sql/open.ts');
  const { databaseOptions } = await import('./database-options.ts');
  const workspace = config.get('tracking.workspace');
  return openSqlStore({
    uri,
    intent,
    cwd: world.cwd,
    clock: world.clock,
    notify: (message) => log.warn(message),
    io,
    server: () => databaseOptions(config, world, log),
    ...(workspace === undefined ? {} : { workspace }),
  });
}

async function openFile(
  { uri, intent, world, log }: TrackingOptions,
  explicit: boolean,
): Promise<TrackingStore> {
  const { openFileStore } = await import('../tracking/file/open.ts');
  return openFileStore({
    uri,
    // A plain path may be a typing mistake; only a `file:` URI says that a new folder is meant.
    intent: intent === 'create' && !explicit ? 'write' : intent,
    cwd: world.cwd,
    clock: world.clock,
    notify: (message) => log.warn(message),
  });
}
