import type { Io } from '../../../core/io.ts';
import type { Lock, LockAsk } from '../../collect.ts';
import { exchange } from './exchange.ts';
import type { ServerOptions } from './options.ts';
import type { Vendor, VendorConnection } from './vendor.ts';

/** Shards that may be at work at once: each has a place, and who wants all of it to itself takes every place. */
const PLACES = 64;
const WHOLE = 'mlstow.gc';

interface Line {
  readonly vendor: Vendor;
  readonly connection: VendorConnection;
  readonly options: ServerOptions;
  readonly label: string;
}

async function tell({ vendor, connection, options, label }: Line, sql: string, io: Io): Promise<unknown> {
  const bounds = { signal: io.signal, timeoutMs: options.timeoutMs, label };
  const { rows } = await exchange(connection, { sql, parameters: [] }, bounds).catch((thrown: unknown) => {
    throw vendor.failure(thrown);
  });
  return rows[0]?.['taken'];
}

async function take(line: Line, name: string, io: Io): Promise<boolean> {
  return Number(await tell(line, line.vendor.lock(name), io)) === 1;
}

async function takeAll(line: Line, io: Io): Promise<boolean> {
  if (!(await take(line, WHOLE, io))) return false;
  for (let place = 0; place < PLACES; place += 1) {
    if (!(await take(line, `${WHOLE}.${place}`, io))) return false;
  }
  return true;
}

async function takePlace(line: Line, ask: LockAsk & { readonly kind: 'shard' }, io: Io): Promise<boolean> {
  const plan = ask.plan.replaceAll(/[^\w-]/g, '');
  if (!(await take(line, `${WHOLE}.${plan}.${ask.shard}`, io))) return false;
  for (let place = 0; place < PLACES; place += 1) {
    if (await take(line, `${WHOLE}.${place}`, io)) return true;
  }
  return false;
}

/**
 * Takes an advisory lock of the database on a connection of its own; it ends when that connection does.
 * @returns undefined when somebody else has it
 */
export async function lockServer(
  vendor: Vendor,
  options: ServerOptions,
  label: string,
  ask: LockAsk,
  io: Io,
): Promise<Lock | undefined> {
  const connection = await vendor.connect(io.signal).catch((thrown: unknown) => {
    throw vendor.failure(thrown);
  });
  const line: Line = { vendor, connection, options, label };
  try {
    const taken = ask.kind === 'exclusive' ? await takeAll(line, io) : await takePlace(line, ask, io);
    if (taken) return { release: async () => connection.close() };
  } catch (thrown) {
    connection.destroy();
    throw thrown;
  }
  await connection.close();
  return undefined;
}
