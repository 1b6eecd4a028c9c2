import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../../src/core/clock.ts';
import { Failure } from '../../../../src/core/failure.ts';
import { mssqlTarget } from '../../../../src/tracking/sql/mssql/mssql-target.ts';
import { mysqlTarget } from '../../../../src/tracking/sql/mysql/mysql-target.ts';
import { postgresTarget } from '../../../../src/tracking/sql/postgres/postgres-target.ts';
import { parseDatabaseUri } from '../../../../src/tracking/sql/servers/database-uri.ts';
import type { ServerOptions } from '../../../../src/tracking/sql/servers/options.ts';

function optionsOf(options: Partial<ServerOptions> = {}): ServerOptions {
  return {
    clock: systemClock,
    retry: { maxRetries: 0, backoffMs: 0, jitterMs: 0, maxWaitMs: 0, respectRetryAfter: true },
    timeoutMs: 120_000,
    pool: { keep: 1, most: 1, recycleMs: 1 },
    mysql: {},
    postgres: {},
    osUser: 'tester',
    cwd: '/work',
    notify: () => undefined,
    ...options,
  };
}

const postgres = (uri: string, options?: Partial<ServerOptions>) =>
  postgresTarget(parseDatabaseUri(uri), optionsOf(options));
const mysql = (uri: string, options?: Partial<ServerOptions>) =>
  mysqlTarget(parseDatabaseUri(uri), optionsOf(options));
const mssql = (uri: string, options?: Partial<ServerOptions>) =>
  mssqlTarget(parseDatabaseUri(uri), optionsOf(options));

function failureOf(work: () => unknown): Failure {
  try {
    work();
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
  throw new Error('expected a Failure');
}

describe('a URI of PostgreSQL', () => {
  it.each([
    [
      'postgresql://u:p%40s%2Fs@db.lab:6432/mlflow',
      { host: 'db.lab', port: 6432, user: 'u', password: 'p@s/s', database: 'mlflow', sslMode: 'prefer' },
    ],
    ['postgresql+psycopg2://u:a:b/c@h/d', { host: 'h', port: 5432, password: 'a:b/c', database: 'd' }],
    ['postgres://h', { host: 'h', user: 'tester', database: 'tester' }],
    ['postgresql://u@[::1]:1/d', { host: '::1', port: 1 }],
    ['postgresql+psycopg://h/d?sslmode=verify-full', { sslMode: 'verify-full' }],
    ['postgresql://h/d?sslrootcert=system', { sslMode: 'verify-full' }],
    [
      'postgresql://h/d?sslmode=require&sslrootcert=ca.pem&sslcert=/c.pem&sslkey=/k.pem',
      { rootCertFile: '/work/ca.pem', certFile: '/c.pem', keyFile: '/k.pem' },
    ],
    [
      'postgresql://u:p@/d?host=/run/pg&port=5433',
      { socketPath: '/run/pg/.s.PGSQL.5433', host: '/run/pg', database: 'd' },
    ],
    ['postgresql:///d', { socketPath: '/var/run/postgresql/.s.PGSQL.5432' }],
    ['postgresql://h/d?host=other:7', { host: 'other', port: 7 }],
    ['postgresql://h/d?connect_timeout=3&user=x&password=y', { connectMs: 3000, user: 'x', password: 'y' }],
    ['postgresql://h/d?connect_timeout=0', { connectMs: 120_000 }],
    ['postgresql://h/d?options=-csearch_path%3Dteam', { options: '-csearch_path=team' }],
  ])('%s', (uri, target) => {
    expect(postgres(uri)).toMatchObject(target);
  });

  it('takes what is missing from the settings', () => {
    const set = { user: 'u', password: 'p', sslMode: 'require', rootCertFile: '/ca' };
    expect(postgres('postgresql://h/d', { postgres: set })).toMatchObject({
      user: 'u',
      password: 'p',
      sslMode: 'require',
      rootCertFile: '/ca',
    });
    const own = postgres('postgresql://me:mine@h/d?sslmode=disable&sslrootcert=/own', { postgres: set });
    expect(own).toMatchObject({ user: 'me', password: 'mine', sslMode: 'disable', rootCertFile: '/own' });
  });

  it('tells which options are not used', () => {
    const notes: string[] = [];
    postgres('postgresql://h/d?sslcrl=x&sslmode=disable', { notify: (note) => notes.push(note) });
    expect(notes).toEqual(['the option sslcrl of the tracking URI is not used']);
  });
});

describe('a URI of MySQL', () => {
  it.each([
    [
      'mysql+pymysql://u:p@h:3307/d?charset=utf8mb4',
      { host: 'h', port: 3307, user: 'u', password: 'p', database: 'd' },
    ],
    ['mysql://h/d', { host: 'h', port: 3306, user: 'tester' }],
    ['mysql+mysqldb://u@localhost/d?unix_socket=/run/m.sock', { socketPath: '/run/m.sock' }],
    ['mysql+mysqldb://u@h/d?ssl_mode=VERIFY_CA', { tls: { verify: true, verifyHost: false } }],
    ['mysql+mysqldb://u@h/d?ssl_mode=REQUIRED', { tls: { verify: false, verifyHost: false } }],
    ['mysql://u@h/d?ssl_ca=ca.pem', { tls: { caFile: '/work/ca.pem', verify: true, verifyHost: true } }],
    [
      'mysql://u@h/d?ssl_ca=/ca&ssl_check_hostname=false',
      { tls: { caFile: '/ca', verify: true, verifyHost: false } },
    ],
    ['mysql://u@h/d?ssl_verify_identity=true', { tls: { verify: true, verifyHost: true } }],
    ['mysql://u@h/d?ssl=true', { tls: { verify: false, verifyHost: false } }],
    ['mysql://u@h/d?connect_timeout=7', { connectMs: 7000 }],
  ])('%s', (uri, target) => {
    expect(mysql(uri)).toMatchObject(target);
  });

  it('is plain text unless something asks for TLS, and MLFLOW_MYSQL_SSL_* do', () => {
    expect(mysql('mysql://u@h/d')).not.toHaveProperty('tls');
    expect(mysql('mysql://u@h/d?ssl_disabled=true&ssl_ca=/ca')).not.toHaveProperty('tls');
    const files = { caFile: '/ca', certFile: '/cert', keyFile: '/key' };
    expect(mysql('mysql://u@h/d', { mysql: files }).tls).toEqual({
      ...files,
      verify: true,
      verifyHost: true,
    });
  });
});

describe('a URI of SQL Server', () => {
  it.each([
    [
      'mssql+pyodbc://sa:p%40ss@h:1444/d?driver=ODBC+Driver+17+for+SQL+Server',
      { host: 'h', port: 1444, user: 'sa', password: 'p@ss', database: 'd', verify: false },
    ],
    ['mssql+pyodbc://sa:p@h/d?driver=ODBC+Driver+18+for+SQL+Server', { port: 1433, verify: true }],
    [
      'mssql+pyodbc://sa:p@h/d?driver=ODBC+Driver+18+for+SQL+Server&TrustServerCertificate=yes',
      { verify: false },
    ],
    ['mssql+pyodbc://sa:p@h/d?driver=ODBC+Driver+17+for+SQL+Server&Encrypt=yes', { verify: true }],
    ['mssql+pymssql://sa:p@h/d', { host: 'h', verify: false }],
    ['mssql://sa:p@h%5CSQLEXPRESS/d', { host: 'h', instance: 'SQLEXPRESS' }],
    [
      `mssql+pyodbc:///?odbc_connect=${encodeURIComponent('Driver={ODBC Driver 18 for SQL Server};Server=tcp:h.lab,1999;Database=d;Uid=u;Pwd={a;b}}c};Login Timeout=9')}`,
      {
        host: 'h.lab',
        port: 1999,
        user: 'u',
        password: 'a;b}c',
        database: 'd',
        verify: true,
        connectMs: 9000,
      },
    ],
  ])('%s', (uri, target) => {
    expect(mssql(uri)).toMatchObject(target);
  });

  it('refuses logins without a password, and data sources of ODBC', () => {
    expect(failureOf(() => mssql('mssql+pyodbc://h/d?trusted_connection=yes')).kind).toBe('unsupported');
    const entra = failureOf(() => mssql('mssql+pyodbc://u@h/d?Authentication=ActiveDirectoryMsi'));
    expect(entra).toMatchObject({ kind: 'unsupported' });
    expect(entra.message).toContain('ActiveDirectoryMsi');
    expect(failureOf(() => mssql('mssql+pyodbc://u:p@mydsn')).kind).toBe('misconfigured');
  });
});

describe('a URI that cannot be used', () => {
  it.each([
    ['postgresql://u:secret@h:port/d', postgres],
    ['postgresql://u:secret@h:99999/d', postgres],
    ['postgresql://u:secret@h/d?sslmode=maybe', postgres],
    ['postgresql://u:secret@a,b/d', postgres],
    ['postgresql://u:secret@h/d?connect_timeout=soon', postgres],
    ['postgresql:/u:secret@h/d', postgres],
    ['mysql://u:secret@h', mysql],
    ['mysql://u:secret@h/d?ssl=perhaps', mysql],
    ['mysql://u:secret@h/d?ssl_mode=SOME', mysql],
    ['mssql+pyodbc://u:secret@/d', mssql],
    ['mssql+pyodbc://h/d', mssql],
  ])('%s: says so without its password, and what to write', (uri, parse) => {
    const failure = failureOf(() => parse(uri));
    expect(failure.kind).toBe('misconfigured');
    expect(failure.message).toContain('the tracking URI ');
    expect(`${failure.message} ${failure.facts.hint ?? ''}`).not.toContain('secret');
    expect(failure.facts.hint).toBeTruthy();
  });

  it('hides a password wherever it stands', () => {
    for (const uri of [
      'mssql+pyodbc:///?odbc_connect=Server%3Dh%3BPwd%3Dsecret',
      'postgresql://h/d?user=u&password=secret',
      'mysql+pymysql://u:sec/ret@h/d',
    ]) {
      expect(parseDatabaseUri(uri).label).not.toMatch(/sec.?ret/);
    }
  });
});
