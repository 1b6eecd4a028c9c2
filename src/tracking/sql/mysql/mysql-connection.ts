import type { Connection, ConnectionOptions, QueryError, SslOptions } from 'mysql2';
import { bounded } from '../servers/exchange.ts';
import { readPem } from '../servers/pem-file.ts';
import type { VendorConnection } from '../servers/vendor.ts';
import type { StatementResult } from '../session-dialect.ts';
import type { MysqlTarget, MysqlTls } from './mysql-target.ts';

/** Prepared statements that a connection keeps. */
const STATEMENTS = 100;

async function sslOptions(tls: MysqlTls, caFile: string | undefined): Promise<SslOptions> {
  const authorities = [
    ...(tls.caFile === undefined ? [] : [await readPem(tls.caFile, 'ssl_ca or MLFLOW_MYSQL_SSL_CA')]),
    ...(tls.caFile === undefined && caFile !== undefined ? [await readPem(caFile, '--ca-file')] : []),
  ];
  return {
    rejectUnauthorized: tls.verify,
    verifyIdentity: tls.verifyHost,
    ...(authorities.length > 0 ? { ca: authorities } : {}),
    ...(tls.certFile === undefined
      ? {}
      : { cert: await readPem(tls.certFile, 'ssl_cert or MLFLOW_MYSQL_SSL_CERT') }),
    ...(tls.keyFile === undefined
      ? {}
      : { key: await readPem(tls.keyFile, 'ssl_key or MLFLOW_MYSQL_SSL_KEY') }),
  };
}

async function connectionOptions(
  target: MysqlTarget,
  caFile: string | undefined,
): Promise<ConnectionOptions> {
  const { host, port, socketPath, user, password, database, tls, connectMs } = target;
  return {
    ...(socketPath === undefined ? { host, port } : { socketPath }),
    user,
    password: password ?? '',
    database,
    charset: 'utf8mb4',
    connectTimeout: Math.min(connectMs, 2 ** 31 - 1),
    maxPreparedStatements: STATEMENTS,
    ...(tls && socketPath === undefined ? { ssl: await sslOptions(tls, caFile) } : {}),
  };
}

function resultOf(result: unknown): StatementResult {
  if (Array.isArray(result)) return { rows: result as Record<string, unknown>[], changes: 0 };
  const { affectedRows } = result as { readonly affectedRows?: number };
  return { rows: [], changes: affectedRows ?? 0 };
}

/** Values go by the binary protocol, never quoted into the text; what has none is a command that cannot be prepared. */
async function runOn(
  connection: Connection,
  sql: string,
  parameters: readonly unknown[],
): Promise<StatementResult> {
  return await new Promise((resolve, reject) => {
    const done = (error: QueryError | null, result: unknown): void =>
      error ? reject(error) : resolve(resultOf(result));
    if (parameters.length === 0) connection.query(sql, done);
    else connection.execute(sql, [...parameters] as (string | number | null)[], done);
  });
}

/**
 * Connects and logs in.
 * @throws Failure misconfigured, timeout, cancelled; what the driver throws
 */
export async function connectMysql(
  target: MysqlTarget,
  caFile: string | undefined,
  signal: AbortSignal,
): Promise<VendorConnection> {
  // Bundled, a CommonJS package has no other export.
  const { default: mysql } = await import('mysql2');
  const connection = mysql.createConnection(await connectionOptions(target, caFile));
  let isLost = false;
  const lose = (): void => {
    isLost = true;
  };
  connection.on('error', lose).on('end', lose);
  const destroy = (): void => {
    lose();
    connection.destroy();
  };
  const greeted = new Promise<void>((resolve, reject) => {
    connection.once('connect', () => resolve()).once('error', reject);
  });
  const bounds = { signal, timeoutMs: target.connectMs, label: target.label };
  try {
    await bounded(greeted, bounds, destroy);
  } catch (thrown) {
    destroy();
    throw thrown;
  }
  return {
    run: async (sql, parameters) => await runOn(connection, sql, parameters),
    isLost: () => isLost,
    destroy,
    close: () =>
      new Promise((resolve) => {
        connection.end(() => resolve());
      }),
  };
}
