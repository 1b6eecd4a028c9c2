import { Failure } from '../../../core/failure.ts';
import { badUri, type DatabaseUri } from '../servers/database-uri.ts';
import type { ServerOptions } from '../servers/options.ts';

/** A SQL Server and how to log in there. */
export interface MssqlTarget {
  readonly label: string;
  readonly host: string;
  /** Absent: the server's browser tells the port of the instance. */
  readonly port?: number;
  readonly instance?: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** Whether its certificate is checked; the connection is encrypted either way. */
  readonly verify: boolean;
  readonly connectMs: number;
}

type Fields = ReadonlyMap<string, string>;

const PORT = 1433;
const YES = new Set(['1', 'yes', 'true', 'mandatory', 'strict', 'on']);

/** `Server=tcp:host,1433;Uid=…;Pwd={…}`: an ODBC connection string, names in lower case without spaces. */
function parseOdbc(text: string): Fields {
  const fields = new Map<string, string>();
  for (const { groups } of text.matchAll(/(?<name>[^=;]+)=(?<value>\{(?:[^}]|\}\})*\}|[^;]*)/g)) {
    const value = (groups?.['value'] ?? '').trim();
    const plain = value.startsWith('{') ? value.slice(1, -1).replaceAll('}}', '}') : value;
    fields.set((groups?.['name'] ?? '').replaceAll(' ', '').toLowerCase(), plain);
  }
  return fields;
}

/** The keywords of the ODBC driver, wherever the URI has them; those of `odbc_connect` are the only ones then. */
function fieldsOf(uri: DatabaseUri): Fields {
  const whole = uri.query.get('odbc_connect');
  if (whole !== undefined) return parseOdbc(whole);
  return new Map([...uri.query].map(([key, value]) => [key.replaceAll(' ', '').toLowerCase(), value]));
}

function refuse(uri: DatabaseUri, what: string): Failure {
  return new Failure({
    kind: 'unsupported',
    message: `the tracking URI ${uri.label} asks for ${what}, which mlstow cannot do`,
    subject: 'tracking.uri',
    hint: 'use a user and a password of SQL Server, or a tracking server (http://…) in front of the database',
    settings: ['tracking.uri'],
  });
}

function assertPasswordLogin(uri: DatabaseUri, fields: Fields): void {
  const method = fields.get('authentication');
  if (method !== undefined && method.toLowerCase() !== 'sqlpassword') {
    throw refuse(uri, `the authentication ${method}`);
  }
  if (YES.has((fields.get('trusted_connection') ?? '').toLowerCase()))
    throw refuse(uri, 'the login of Windows');
}

function addressOf(uri: DatabaseUri, fields: Fields): Pick<MssqlTarget, 'host' | 'port' | 'instance'> {
  const named = fields.get('server') ?? uri.host ?? '';
  const parts = /^(?:tcp:)?(?<host>[^\\,:]+)(?:\\(?<instance>[^,]+))?(?:[,:](?<port>\d+))?$/i.exec(
    named,
  )?.groups;
  if (!parts?.['host']) {
    throw badUri(uri, named === '' ? 'names no host' : `names the server ${named}, which is not understood`);
  }
  const { host, instance } = parts;
  const port = parts['port'] === undefined ? uri.port : Number(parts['port']);
  if (instance !== undefined && port === undefined) return { host, instance };
  return { host, port: port ?? PORT };
}

/**
 * Whether the driver that the URI names would check the certificate: Microsoft's does from release 18 on, and earlier when
 * `Encrypt=yes` is asked; `TrustServerCertificate=yes` switches it off. FreeTDS (pymssql) does not.
 */
function verifies(fields: Fields): boolean {
  if (YES.has((fields.get('trustservercertificate') ?? '').toLowerCase())) return false;
  const release = Number(/ODBC Driver (\d+)/i.exec(fields.get('driver') ?? '')?.[1] ?? 0);
  const encrypt = fields.get('encrypt')?.toLowerCase();
  return encrypt === undefined ? release >= 18 : YES.has(encrypt);
}

function connectMsOf(uri: DatabaseUri, fields: Fields, timeoutMs: number): number {
  const asked = fields.get('timeout') ?? fields.get('logintimeout') ?? fields.get('login_timeout');
  const seconds = Number(asked ?? 0);
  if (!Number.isFinite(seconds)) throw badUri(uri, 'has a timeout that is not a number of seconds');
  return seconds > 0 ? seconds * 1000 : timeoutMs;
}

/**
 * The server behind `mssql+pyodbc://…` or `mssql+pymssql://…`
 * (https://docs.sqlalchemy.org/en/20/dialects/mssql.html#module-sqlalchemy.dialects.mssql.pyodbc).
 * @throws Failure misconfigured, unsupported for a login without password
 */
export function mssqlTarget(uri: DatabaseUri, options: ServerOptions): MssqlTarget {
  const fields = fieldsOf(uri);
  assertPasswordLogin(uri, fields);
  const isWhole = uri.query.has('odbc_connect');
  if (!isWhole && uri.driver !== 'pymssql' && uri.database === undefined) {
    throw badUri(uri, 'names a data source (DSN) of ODBC, or no database');
  }
  const user = fields.get('uid') ?? fields.get('user') ?? uri.user;
  if (user === undefined) throw badUri(uri, 'names no user');
  return {
    label: uri.label,
    ...addressOf(uri, fields),
    user,
    password: fields.get('pwd') ?? fields.get('password') ?? uri.password ?? '',
    database: fields.get('database') ?? uri.database ?? 'master',
    verify: verifies(fields),
    connectMs: connectMsOf(uri, fields, options.timeoutMs),
  };
}
