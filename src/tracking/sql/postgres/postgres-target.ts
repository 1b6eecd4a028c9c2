import { resolve } from 'node:path';
import { badUri, type DatabaseUri } from '../servers/database-uri.ts';
import type { ServerOptions } from '../servers/options.ts';

/** libpq's modes; `allow` is taken as `prefer`. */
const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
export type SslMode = (typeof SSL_MODES)[number];

/** A PostgreSQL server and how to log in there. */
export interface PostgresTarget {
  readonly label: string;
  readonly host: string;
  readonly port: number;
  /** The socket, when the host is a directory. */
  readonly socketPath?: string;
  readonly user: string;
  readonly password?: string;
  readonly database: string;
  readonly sslMode: SslMode;
  /** Absolute paths of PEM files. */
  readonly rootCertFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  readonly connectMs: number;
  /** Command-line options of the session, such as `-csearch_path=team`. */
  readonly options?: string;
  readonly applicationName: string;
}

const PORT = 5432;
/** Where Debian, Red Hat and the official images have the socket. */
const SOCKET_FOLDER = '/var/run/postgresql';
/** Understood, or without effect on what we do. */
const KNOWN = new Set([
  ...['host', 'port', 'user', 'password', 'dbname', 'sslmode', 'sslrootcert', 'sslcert', 'sslkey'],
  ...['connect_timeout', 'application_name', 'fallback_application_name', 'options', 'client_encoding'],
  ...['keepalives', 'keepalives_idle', 'keepalives_interval', 'keepalives_count', 'tcp_user_timeout'],
  ...['gssencmode', 'channel_binding', 'sslsni', 'async_fallback', 'prepare_threshold', 'sslcompression'],
]);

function sslModeOf(uri: DatabaseUri, asked: string): SslMode {
  const mode = SSL_MODES.find((known) => known === asked);
  if (mode) return mode;
  throw badUri(uri, `asks for sslmode=${asked}`, `use one of ${SSL_MODES.join(', ')}`);
}

/** libpq's connect_timeout: whole seconds; 0 and negative wait as long as our own limit. */
function connectMsOf(uri: DatabaseUri, timeoutMs: number): number {
  const asked = uri.query.get('connect_timeout');
  if (asked === undefined) return timeoutMs;
  const seconds = Number(asked);
  if (!Number.isFinite(seconds)) throw badUri(uri, 'has a connect_timeout that is not a number of seconds');
  return seconds > 0 ? seconds * 1000 : timeoutMs;
}

function addressOf(uri: DatabaseUri): Pick<PostgresTarget, 'host' | 'port' | 'socketPath'> {
  const named = uri.query.get('host') ?? uri.host ?? SOCKET_FOLDER;
  const [first = '', ...others] = named.split(',');
  if (others.length > 0) {
    throw badUri(uri, 'names several hosts', 'name one host: the primary server, or a name that leads to it');
  }
  const [host = '', portOfHost] = first.startsWith('/') ? [first] : first.split(/:(?=\d+$)/);
  const port = Number(uri.query.get('port') ?? portOfHost ?? uri.port ?? PORT);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw badUri(uri, 'has a port that is not a number from 1 to 65535');
  }
  return host.startsWith('/') ? { host, port, socketPath: `${host}/.s.PGSQL.${port}` } : { host, port };
}

function filesOf(
  uri: DatabaseUri,
  options: ServerOptions,
): Pick<PostgresTarget, 'rootCertFile' | 'certFile' | 'keyFile'> {
  const pathOf = (key: string): string | undefined => {
    const path = uri.query.get(key);
    return path === undefined || path === '' ? undefined : resolve(options.cwd, path);
  };
  // `system` means the authorities that are trusted anyway.
  const isSystem = uri.query.get('sslrootcert') === 'system';
  const root = isSystem ? undefined : (pathOf('sslrootcert') ?? options.postgres.rootCertFile);
  const cert = pathOf('sslcert');
  const key = pathOf('sslkey');
  return {
    ...(root === undefined ? {} : { rootCertFile: root }),
    ...(cert === undefined ? {} : { certFile: cert }),
    ...(key === undefined ? {} : { keyFile: key }),
  };
}

function loginOf(
  uri: DatabaseUri,
  { postgres, osUser }: ServerOptions,
): Pick<PostgresTarget, 'user' | 'password' | 'database'> {
  const user = uri.query.get('user') ?? uri.user ?? postgres.user ?? osUser;
  const password = uri.query.get('password') ?? uri.password ?? postgres.password;
  return {
    user,
    ...(password === undefined ? {} : { password }),
    database: uri.query.get('dbname') ?? uri.database ?? user,
  };
}

/**
 * The server behind `postgresql://…`, with libpq's parameters and defaults
 * (https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS).
 * @throws Failure misconfigured
 */
export function postgresTarget(uri: DatabaseUri, options: ServerOptions): PostgresTarget {
  const { query } = uri;
  for (const key of query.keys()) {
    if (!KNOWN.has(key)) options.notify(`the option ${key} of the tracking URI is not used`);
  }
  const sessionOptions = query.get('options');
  const system = query.get('sslrootcert') === 'system' ? 'verify-full' : 'prefer';
  return {
    label: uri.label,
    ...addressOf(uri),
    ...loginOf(uri, options),
    ...filesOf(uri, options),
    sslMode: sslModeOf(uri, query.get('sslmode') ?? options.postgres.sslMode ?? system),
    connectMs: connectMsOf(uri, options.timeoutMs),
    ...(sessionOptions === undefined ? {} : { options: sessionOptions }),
    applicationName: query.get('application_name') ?? 'mlstow',
  };
}
