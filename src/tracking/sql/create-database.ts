import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { Io } from '../../core/io.ts';
import { NEW_DATABASE_REVISION } from './revisions.ts';
import { experimentLocation } from '../locations.ts';
import type { SqliteConnection } from './sqlite-connection.ts';

/** File systems on a disk of this machine, by the magic number of statfs(2); WAL needs shared memory, so no network. */
const LOCAL_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0xef53, 0x58465342, 0x9123683e, 0x01021994, 0x2fc12fc1, 0x794c7630, 0xf2f52010,
]);

async function isOnLocalDisk(path: string): Promise<boolean> {
  return process.platform === 'linux' && LOCAL_FILE_SYSTEMS.has((await statfs(dirname(path))).type);
}

/** Whether the database holds no table, as after a creation that was cut short. */
export async function isEmpty(connection: SqliteConnection, io: Io): Promise<boolean> {
  const found = await connection.run('SELECT name FROM sqlite_master LIMIT 1', [], io.signal);
  return found.rows.length === 0;
}

async function tablesSql(): Promise<string> {
  const parts = await Promise.all([
    import('./schema/runs-tables.ts').then((part) => part.RUNS_TABLES),
    import('./schema/registry-tables.ts').then((part) => part.REGISTRY_TABLES),
    import('./schema/traces-tables.ts').then((part) => part.TRACES_TABLES),
    import('./schema/gateway-tables.ts').then((part) => part.GATEWAY_TABLES),
    import('./schema/reviews-tables.ts').then((part) => part.REVIEWS_TABLES),
  ]);
  return parts.join('\n');
}

/**
 * Makes the tables and rows of a database that MLflow 3.17.2 has just created, in one transaction, unless another process
 * was faster. The journal mode of a new file becomes WAL on a local disk, so that readers do not stop writers.
 * @throws Failure
 */
export async function createDatabase(
  connection: SqliteConnection,
  database: {
    readonly path: string;
    /** The file was absent or had no bytes. */
    readonly isNew: boolean;
    readonly artifactRoot: string;
    readonly now: number;
  },
  io: Io,
): Promise<void> {
  const sql = await tablesSql();
  if (database.isNew && (await isOnLocalDisk(database.path)))
    await connection.script('PRAGMA journal_mode = WAL', io.signal);
  await connection.script('BEGIN IMMEDIATE', io.signal);
  try {
    if (await isEmpty(connection, io)) await fill(connection, sql, database, io);
    await connection.script('COMMIT', io.signal);
  } catch (thrown) {
    connection.rollback();
    throw thrown;
  }
}

async function fill(
  connection: SqliteConnection,
  sql: string,
  { artifactRoot, now }: { readonly artifactRoot: string; readonly now: number },
  io: Io,
): Promise<void> {
  await connection.script(sql, io.signal);
  await connection.run('INSERT INTO alembic_version VALUES (?)', [NEW_DATABASE_REVISION], io.signal);
  await connection.run(
    "INSERT INTO workspaces (name, description) VALUES ('default', 'Default workspace for legacy resources')",
    [],
    io.signal,
  );
  await connection.run(
    `INSERT INTO experiments (experiment_id, name, artifact_location, lifecycle_stage, creation_time, last_update_time, workspace)
     VALUES (0, 'Default', ?, 'active', ?, ?, 'default')`,
    [experimentLocation(artifactRoot, '0'), now, now],
    io.signal,
  );
}
