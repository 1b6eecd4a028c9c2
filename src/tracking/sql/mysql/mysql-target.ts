import { resolve } from 'node:path';
import { badUri, type DatabaseUri } from '../servers/database-uri.ts';
import type { ServerOptions } from '../servers/options.ts';

/** How MySQL's certificate is dealt with. */
export interface MysqlTls {
  /** Absolute paths of PEM files. */
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
  /** Whether the chain must lead to a trusted authority. */
  readonly verify: boolean;
  /** Whether it must name the host. */
  readonly verifyHost: boolean;
}

/** A MySQL or MariaDB server and how to log in there. */
export interface MysqlTarget {
  readonly label: string;
  readonly host: string;
  readonly port: number;
  readonly socketPath?: string;
  readonly user: string;
  readonly password?: string;
  readonly database: string;
  /** Absent: plain text. */
  readonly tls?: MysqlTls;
  readonly connectMs: number;
}

const PORT = 3306;
/** Understood, or without effect on what we do: we always speak utf8mb4. */
const KNOWN = new Set([
  ...[
    'unix_socket',
    'charset',
    'use_unicode',
    'connect_timeout',
    'read_timeout',
    'write_timeout',
    'local_infile',
  ],
  ...['host', 'port', 'user', 'password', 'database', 'db', 'passwd', 'binary_prefix', 'autocommit'],
  ...['ssl', 'ssl_ca', 'ssl_cert', 'ssl_key', 'ssl_check_hostname', 'ssl_verify_cert', 'ssl_verify_identity'],
  ...['ssl_disabled', 'ssl_mode'],
]);
const YES = new Set(['1', 'true', 'yes', 'on']);
const NO = new Set(['0', 'false', 'no', 'off', 'none']);

function switchOf(uri: DatabaseUri, key: string): boolean | undefined {
  const text = uri.query.get(key)?.toLowerCase();
  if (text === undefined) return undefined;
  if (YES.has(text)) return true;
  if (NO.has(text)) return false;
  throw badUri(uri, `has ${key}=${text}`, `use ${key}=true or ${key}=false`);
}

/** mysqlclient's modes (https://dev.mysql.com/doc/refman/8.4/en/connection-options.html#option_general_ssl-mode). */
const MODES: Readonly<Record<string, Pick<MysqlTls, 'verify' | 'verifyHost'> | 'disabled'>> = {
  DISABLED: 'disabled',
  PREFERRED: 'disabled',
  REQUIRED: { verify: false, verifyHost: false },
  VERIFY_CA: { verify: true, verifyHost: false },
  VERIFY_IDENTITY: { verify: true, verifyHost: true },
};

function filesOf(
  uri: DatabaseUri,
  { mysql, cwd }: ServerOptions,
): Pick<MysqlTls, 'caFile' | 'certFile' | 'keyFile'> {
  const pathOf = (key: string, set: string | undefined): string | undefined => {
    const path = uri.query.get(key);
    return path === undefined || path === '' ? set : resolve(cwd, path);
  };
  const caFile = pathOf('ssl_ca', mysql.caFile);
  const certFile = pathOf('ssl_cert', mysql.certFile);
  const keyFile = pathOf('ssl_key', mysql.keyFile);
  return {
    ...(caFile === undefined ? {} : { caFile }),
    ...(certFile === undefined ? {} : { certFile }),
    ...(keyFile === undefined ? {} : { keyFile }),
  };
}

function modeOf(uri: DatabaseUri): (typeof MODES)[string] | undefined {
  const asked = uri.query.get('ssl_mode');
  if (asked === undefined) return undefined;
  const mode = MODES[asked.toUpperCase()];
  if (mode) return mode;
  throw badUri(uri, `asks for ssl_mode=${asked}`, `use one of ${Object.keys(MODES).join(', ')}`);
}

/** What the URI says of the certificate. */
function checksOf(uri: DatabaseUri): { readonly verify?: boolean; readonly verifyHost?: boolean } {
  const verify = switchOf(uri, 'ssl_verify_cert');
  const verifyHost = switchOf(uri, 'ssl_verify_identity') ?? switchOf(uri, 'ssl_check_hostname');
  return {
    ...(verify === undefined ? {} : { verify }),
    ...(verifyHost === undefined ? {} : { verifyHost }),
  };
}

/**
 * TLS as PyMySQL does it (pymysql/connections.py, `_create_ssl_ctx`): none unless something about it is set; a certificate
 * authority switches verification on, of the chain and of the host name.
 */
function tlsOf(uri: DatabaseUri, options: ServerOptions): MysqlTls | undefined {
  const mode = modeOf(uri);
  if (mode === 'disabled' || switchOf(uri, 'ssl_disabled') === true) return undefined;
  const files = filesOf(uri, options);
  const checks = checksOf(uri);
  const wanted = switchOf(uri, 'ssl') ?? Object.keys(files).length > 0;
  if (!mode && !wanted && !checks.verify && !checks.verifyHost) return undefined;
  const hasAuthority = files.caFile !== undefined || options.caFile !== undefined;
  const byDefault = mode ?? { verify: hasAuthority || checks.verifyHost === true, verifyHost: true };
  const verify = checks.verify ?? byDefault.verify;
  return { ...files, verify, verifyHost: verify && (checks.verifyHost ?? byDefault.verifyHost) };
}

function connectMsOf(uri: DatabaseUri, timeoutMs: number): number {
  const asked = uri.query.get('connect_timeout');
  const seconds = Number(asked ?? 0);
  if (!Number.isFinite(seconds)) throw badUri(uri, 'has a connect_timeout that is not a number of seconds');
  return seconds > 0 ? seconds * 1000 : timeoutMs;
}

function addressOf(uri: DatabaseUri): Pick<MysqlTarget, 'host' | 'port' | 'socketPath'> {
  const socketPath = uri.query.get('unix_socket');
  const port = Number(uri.query.get('port') ?? uri.port ?? PORT);
  if (!Number.isInteger(port) || port < 1 || port > 65_535) {
    throw badUri(uri, 'has a port that is not a number from 1 to 65535');
  }
  const host = uri.query.get('host') ?? uri.host ?? 'localhost';
  return { host, port, ...(socketPath === undefined ? {} : { socketPath }) };
}

/**
 * The server behind `mysql://…`, with the parameters of SQLAlchemy's PyMySQL and mysqlclient
 * (https://docs.sqlalchemy.org/en/20/dialects/mysql.html#ssl-connections).
 * @throws Failure misconfigured
 */
export function mysqlTarget(uri: DatabaseUri, options: ServerOptions): MysqlTarget {
  for (const key of uri.query.keys()) {
    if (!KNOWN.has(key)) options.notify(`the option ${key} of the tracking URI is not used`);
  }
  const database = uri.query.get('database') ?? uri.query.get('db') ?? uri.database;
  if (database === undefined) throw badUri(uri, 'names no database');
  const password = uri.query.get('password') ?? uri.query.get('passwd') ?? uri.password;
  const tls = tlsOf(uri, options);
  return {
    label: uri.label,
    ...addressOf(uri),
    user: uri.query.get('user') ?? uri.user ?? options.osUser,
    ...(password === undefined ? {} : { password }),
    database,
    ...(tls ? { tls } : {}),
    connectMs: connectMsOf(uri, options.timeoutMs),
  };
}
