import type { Socket } from 'node:net';
import { Failure } from '../../../core/failure.ts';
import { bounded } from '../servers/exchange.ts';
import type { VendorConnection } from '../servers/vendor.ts';
import { postgresSocket } from './postgres-socket.ts';
import type { PostgresTarget } from './postgres-target.ts';

/** int8, as text: ids, times and steps, which are numbers to us. */
const INT8 = 20;

/** A socket that is connected already, as the driver expects one that is not. */
function connected(socket: Socket): Socket {
  return Object.assign(socket, {
    connect: () => {
      process.nextTick(() => socket.emit('connect'));
      return socket;
    },
  });
}

function noPassword({ label, user }: PostgresTarget): Failure {
  return new Failure({
    kind: 'unauthenticated',
    message: `${label}: the server asks for the password of ${user}, and none is set`,
    subject: label,
    hint: 'put it into the tracking URI as postgresql://USER:PASSWORD@HOST/DATABASE, or set PGPASSWORD',
  });
}

/** What the driver throws when the connection ends has no code. */
function lost(cause: unknown): Error {
  return Object.assign(new Error('the connection was closed', { cause }), { code: 'ECONNRESET' });
}

/**
 * Connects and logs in.
 * @throws Failure misconfigured, unauthenticated (no password), timeout, cancelled; what the driver throws
 */
export async function connectPostgres(
  target: PostgresTarget,
  caFile: string | undefined,
  signal: AbortSignal,
): Promise<VendorConnection> {
  const { default: pg } = await import('pg');
  const socket = await postgresSocket(target, caFile, signal);
  // Its types name the oids one by one.
  const defaults = pg.types as { getTypeParser(oid: number, format?: string): unknown };
  const client = new pg.Client({
    host: target.host,
    port: target.port,
    user: target.user,
    database: target.database,
    password: target.password ?? (() => Promise.reject(noPassword(target))),
    application_name: target.applicationName,
    client_encoding: 'UTF8',
    ssl: false,
    ...(target.options === undefined ? {} : { options: target.options }),
    stream: () => connected(socket),
    types: {
      getTypeParser: (oid: number, format?: 'text' | 'binary') =>
        oid === INT8 ? Number : defaults.getTypeParser(oid, format),
    },
  });
  let isLost = false;
  const lose = (): void => {
    isLost = true;
  };
  client.on('error', lose).on('end', lose);
  const destroy = (): void => {
    lose();
    socket.destroy();
  };
  const bounds = { signal, timeoutMs: target.connectMs, label: target.label };
  try {
    await bounded(client.connect(), bounds, destroy);
  } catch (thrown) {
    destroy();
    throw hasCode(thrown) ? thrown : lost(thrown);
  }
  return {
    run: async (sql, parameters) => {
      try {
        const { rows, rowCount } = await client.query(sql, [...parameters]);
        return { rows: rows as Record<string, unknown>[], changes: rowCount ?? 0 };
      } catch (thrown) {
        throw isLost && !hasCode(thrown) ? lost(thrown) : thrown;
      }
    },
    isLost: () => isLost,
    destroy,
    close: () => client.end(),
  };
}

function hasCode(thrown: unknown): boolean {
  return (
    thrown instanceof Failure || (thrown instanceof Error && 'code' in thrown && thrown.code !== undefined)
  );
}
