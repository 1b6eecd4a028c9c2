import type * as Tedious from 'tedious';
import { bounded } from '../servers/exchange.ts';
import { readPem } from '../servers/pem-file.ts';
import type { VendorConnection } from '../servers/vendor.ts';
import type { StatementResult } from '../session-dialect.ts';
import type { MssqlTarget } from './mssql-target.ts';

type Driver = Pick<typeof Tedious, 'Request' | 'TYPES'>;

/** A value that the driver gives for one column of a row. */
interface Cell {
  readonly value: unknown;
  readonly metadata: {
    readonly colName: string;
    readonly type: { readonly name: string };
    readonly dataLength?: number | undefined;
  };
}

async function configuration(
  target: MssqlTarget,
  caFile: string | undefined,
): Promise<Tedious.ConnectionConfiguration> {
  const { host, port, instance, user, password, database, verify, connectMs } = target;
  return {
    server: host,
    authentication: { type: 'default', options: { userName: user, password } },
    options: {
      ...(port === undefined ? {} : { port }),
      ...(instance === undefined ? {} : { instanceName: instance }),
      database,
      encrypt: true,
      trustServerCertificate: !verify,
      ...(caFile === undefined
        ? {}
        : { cryptoCredentialsDetails: { ca: await readPem(caFile, '--ca-file') } }),
      appName: 'mlstow',
      connectTimeout: Math.min(connectMs, 2 ** 31 - 1),
      // Time is measured by the session, which knows who may stop it.
      requestTimeout: 0,
      connectionRetryInterval: 1,
      maxRetriesOnTransientErrors: 0,
    },
  };
}

/** bigint comes as text: ids, times and steps, which are numbers to us. */
function toValue({ value, metadata: { type, dataLength } }: Cell): unknown {
  const isLong = type.name === 'BigInt' || (type.name === 'IntN' && dataLength === 8);
  return isLong && typeof value === 'string' ? Number(value) : value;
}

function typeOf({ TYPES }: Driver, value: unknown) {
  if (typeof value === 'boolean') return TYPES.Bit;
  if (typeof value === 'bigint') return TYPES.BigInt;
  if (typeof value !== 'number') return TYPES.NVarChar;
  return Number.isSafeInteger(value) ? TYPES.BigInt : TYPES.Float;
}

/** A statement without values goes as a batch: a transaction must not begin inside sp_executesql. */
async function runOn(
  tedious: Driver,
  connection: Tedious.Connection,
  sql: string,
  parameters: readonly unknown[],
): Promise<StatementResult> {
  return await new Promise((resolve, reject) => {
    const rows: Record<string, unknown>[] = [];
    const request = new tedious.Request(sql, (error, rowCount) => {
      if (error) reject(error);
      else resolve({ rows, changes: rowCount ?? 0 });
    });
    request.on('row', (cells: readonly Cell[]) => {
      rows.push(Object.fromEntries(cells.map((cell) => [cell.metadata.colName, toValue(cell)])));
    });
    parameters.forEach((value, index) =>
      request.addParameter(String(index + 1), typeOf(tedious, value), value),
    );
    if (parameters.length === 0) connection.execSqlBatch(request);
    else connection.execSql(request);
  });
}

/**
 * Connects and logs in.
 * @throws Failure misconfigured, timeout, cancelled; what the driver throws
 */
export async function connectMssql(
  target: MssqlTarget,
  caFile: string | undefined,
  signal: AbortSignal,
): Promise<VendorConnection> {
  // Bundled, a CommonJS package has a default export alone.
  const { default: tedious } = await import('tedious');
  const connection = new tedious.Connection(await configuration(target, caFile));
  let isLost = false;
  const destroy = (): void => {
    isLost = true;
    connection.close();
  };
  connection.on('error', () => {
    isLost = true;
  });
  connection.on('end', () => {
    isLost = true;
  });
  const greeted = new Promise<void>((resolve, reject) => {
    connection.connect((error) => (error ? reject(error) : resolve()));
  });
  const bounds = { signal, timeoutMs: target.connectMs, label: target.label };
  try {
    await bounded(greeted, bounds, destroy);
  } catch (thrown) {
    destroy();
    throw thrown;
  }
  return {
    run: async (sql, parameters) => await runOn(tedious, connection, sql, parameters),
    isLost: () => isLost,
    destroy,
    close: async () => destroy(),
  };
}
