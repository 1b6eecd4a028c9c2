import { resolve } from 'node:path';
import { Failure } from '../../core/failure.ts';

/** A database file and what its URI asks for. */
export interface SqliteTarget {
  /** Absolute path. */
  readonly path: string;
  /** The URI asked for reading only (`?mode=ro`). */
  readonly readOnly: boolean;
  /** How long to wait for a locked database, in ms, when the URI says so (`?timeout=` in seconds). */
  readonly patienceMs?: number;
}

function refuse(uri: string, why: string, hint: string): Failure {
  return new Failure({ kind: 'misconfigured', message: `${uri}: ${why}`, subject: uri, hint });
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

function readQuery(uri: string, query: string): Omit<SqliteTarget, 'path'> {
  const asked: { readOnly: boolean; patienceMs?: number } = { readOnly: false };
  for (const [key, value] of new URLSearchParams(query)) {
    const seconds = Number(value);
    if (key === 'mode' && (value === 'ro' || value === 'rw')) asked.readOnly = value === 'ro';
    else if (key === 'timeout' && value !== '' && seconds >= 0) asked.patienceMs = seconds * 1000;
    else if (key !== 'check_same_thread') {
      throw refuse(
        uri,
        `the option ${key}=${value} is not understood`,
        'use ?mode=ro, ?mode=rw or ?timeout=SECONDS',
      );
    }
  }
  return asked;
}

/**
 * The file behind `sqlite:///relative.db` or `sqlite:////absolute.db`, percent-decoded as SQLAlchemy 2.1 does
 * (https://docs.sqlalchemy.org/en/21/core/engines.html#sqlite). Relative paths start at `cwd`.
 * @throws Failure misconfigured for a database in memory, a host name, or an option other than mode and timeout
 */
export function parseSqliteUri(uri: string, cwd: string): SqliteTarget {
  const match = /^sqlite(?:\+pysqlite)?:\/\/(?<host>[^/]*)(?:\/(?<rest>[^?]*))?(?:\?(?<query>.*))?$/i.exec(
    uri,
  );
  const { host = '', rest = '', query = '' } = match?.groups ?? {};
  if (!match || host !== '') {
    throw refuse(
      uri,
      'not a SQLite URI',
      'write sqlite:///relative.db or sqlite:////absolute/path.db (three or four slashes)',
    );
  }
  const file = unquote(rest);
  if (file === '' || file === ':memory:') {
    throw refuse(
      uri,
      'a database in memory is gone when the command ends',
      'name a file: sqlite:///mlflow.db',
    );
  }
  return { path: resolve(cwd, file), ...readQuery(uri, query) };
}
