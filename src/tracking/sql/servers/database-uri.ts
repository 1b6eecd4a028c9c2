import { Failure } from '../../../core/failure.ts';
import { redactUri } from '../../../core/redact.ts';

/** A database server as SQLAlchemy's URL names it, every part percent-decoded. */
export interface DatabaseUri {
  /** As given, without secrets: for messages. */
  readonly label: string;
  /** Lower case: `postgresql`, `mysql`, `mssql`. */
  readonly dialect: string;
  /** Lower case: `psycopg2`, `pymysql`; empty when the URI leaves it to SQLAlchemy. */
  readonly driver: string;
  readonly user?: string;
  readonly password?: string;
  readonly host?: string;
  readonly port?: number;
  readonly database?: string;
  readonly query: ReadonlyMap<string, string>;
}

/** SQLAlchemy's own expression (sqlalchemy/engine/url.py, `_parse_url`): a password may hold `/`, `:` and `@`-free text. */
const URL_PARTS =
  /^(?<scheme>[\w+]+):\/\/(?:(?<user>[^:/]*)(?::(?<password>[^@]*))?@)?(?:\[(?<ipv6>[^/?]+)\]|(?<ipv4>[^/:?]+))?(?::(?<port>[^/?]*))?(?:\/(?<database>[^?]*))?(?:\?(?<query>.*))?$/i;

const EXAMPLES: Readonly<Record<string, string>> = {
  postgresql: 'postgresql://USER:PASSWORD@HOST:5432/DATABASE?sslmode=require',
  mysql: 'mysql+pymysql://USER:PASSWORD@HOST:3306/DATABASE',
  mssql: 'mssql+pyodbc://USER:PASSWORD@HOST:1433/DATABASE?driver=ODBC+Driver+18+for+SQL+Server',
};

/** What a URI of this dialect looks like. */
export function exampleOf(dialect: string): string {
  return EXAMPLES[dialect] ?? EXAMPLES['postgresql'] ?? '';
}

/** @throws never: it makes the Failure for a URI that cannot be used */
export function badUri(uri: Pick<DatabaseUri, 'label' | 'dialect'>, why: string, hint?: string): Failure {
  return new Failure({
    kind: 'misconfigured',
    message: `the tracking URI ${uri.label} ${why}`,
    subject: 'tracking.uri',
    hint:
      hint ??
      `write it as ${exampleOf(uri.dialect)}, with reserved characters of the password escaped (@ as %40)`,
    settings: ['tracking.uri'],
  });
}

/** Percent-decoding as Python's `unquote`: what is not valid stays as written. */
function unquote(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (escaped) => {
    try {
      return decodeURIComponent(escaped);
    } catch (thrown) {
      if (thrown instanceof URIError) return escaped;
      throw thrown;
    }
  });
}

function portOf(uri: Pick<DatabaseUri, 'label' | 'dialect'>, text: string | undefined): number | undefined {
  if (text === undefined || text === '') return undefined;
  const port = Number(text);
  if (/^\d+$/.test(text) && port > 0 && port < 65_536) return port;
  throw badUri(uri, 'has a port that is not a number from 1 to 65535');
}

function dialectOf(scheme: string): { readonly dialect: string; readonly driver: string } {
  const [name = '', driver = ''] = scheme.toLowerCase().split('+');
  return { dialect: name === 'postgres' ? 'postgresql' : name, driver };
}

/**
 * The parts of `dialect+driver://user:password@host:port/database?key=value`, with SQLAlchemy's grammar
 * (https://docs.sqlalchemy.org/en/20/core/engines.html#database-urls). Of a key that comes twice the last one counts.
 * @throws Failure misconfigured with an example when it is not of that form
 */
export function parseDatabaseUri(uri: string): DatabaseUri {
  const label = redactUri(uri);
  const known = dialectOf(/^[\w+]*/.exec(uri)?.[0] ?? '');
  const parts = URL_PARTS.exec(uri)?.groups;
  if (!parts)
    throw badUri({ label, ...known }, 'is not of the form dialect://user:password@host:port/database');
  const { user, password, ipv6, ipv4, database, query = '' } = parts;
  const host = ipv6 ?? (ipv4 === undefined ? undefined : unquote(ipv4));
  const port = portOf({ label, ...known }, parts['port']);
  return {
    label,
    ...known,
    ...(user === undefined || user === '' ? {} : { user: unquote(user) }),
    ...(password === undefined ? {} : { password: unquote(password) }),
    ...(host === undefined ? {} : { host }),
    ...(port === undefined ? {} : { port }),
    ...(database === undefined || database === '' ? {} : { database: unquote(database) }),
    query: new Map(new URLSearchParams(query)),
  };
}
