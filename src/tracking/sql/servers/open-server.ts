import { join } from 'node:path';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { Collectable } from '../../collect.ts';
import { absoluteIfLocal } from '../../locations.ts';
import type { TrackingStore } from '../../store.ts';
import { assembleStore, assertWorkspaces } from '../assemble-store.ts';
import { readFacts, type SchemaFacts } from '../facts.ts';
import type { SqlStoreOptions } from '../open.ts';
import { assertWritable } from '../revisions.ts';
import type { Sessions } from '../sessions.ts';
import { DEFAULT_WORKSPACE } from '../workspaces.ts';
import { parseDatabaseUri, type DatabaseUri } from './database-uri.ts';
import type { ServerOptions } from './options.ts';
import { lockServer } from './server-lock.ts';
import { serverSessions } from './server-sessions.ts';
import type { Vendor } from './vendor.ts';

async function vendorOf(uri: DatabaseUri, options: ServerOptions): Promise<Vendor> {
  if (uri.dialect === 'postgresql') {
    return (await import('../postgres/postgres-vendor.ts')).postgresVendor(uri, options);
  }
  if (uri.dialect === 'mysql') return (await import('../mysql/mysql-vendor.ts')).mysqlVendor(uri, options);
  return (await import('../mssql/mssql-vendor.ts')).mssqlVendor(uri, options);
}

function assertMlflow(facts: SchemaFacts, label: string): void {
  if (facts.has('experiments') && facts.has('runs')) return;
  throw new Failure({
    kind: facts.empty ? 'not-found' : 'misconfigured',
    message: `${label} ${facts.empty ? 'is an empty database' : 'holds no tables of MLflow'}`,
    subject: label,
    hint: facts.empty
      ? `mlstow makes no tables on a database server: run mlflow db upgrade '${label}', or start mlflow server on it once`
      : 'check the database and the schema (search path) that the tracking URI leads to',
  });
}

function writeGuard(facts: SchemaFacts, label: string, intent: SqlStoreOptions['intent']): () => void {
  if (intent !== 'read') return () => assertWritable(facts, label);
  return () => {
    throw new Failure({
      kind: 'internal',
      message: `${label} was opened for reading only`,
      subject: label,
    });
  };
}

async function prepare(
  sessions: Sessions,
  options: SqlStoreOptions,
  lock: Collectable['lock'],
): Promise<TrackingStore> {
  const { intent, cwd, clock, notify } = options;
  const io: Io = options.io ?? { signal: new AbortController().signal };
  const { label } = sessions;
  const facts = await readFacts(sessions, io);
  assertMlflow(facts, label);
  const workspace = options.workspace ?? DEFAULT_WORKSPACE;
  assertWorkspaces(facts, workspace, label);
  const assertCanWrite = writeGuard(facts, label, intent);
  if (intent !== 'read') assertCanWrite();
  const artifactRoot = absoluteIfLocal(options.defaultArtifactRoot ?? join(cwd, 'mlruns'), cwd);
  return assembleStore(
    { sessions, facts, clock, workspace, artifactRoot, cwd, assertWritable: assertCanWrite, notify },
    'network',
    lock,
  );
}

/**
 * Opens a database of MLflow on PostgreSQL, MySQL, MariaDB or SQL Server, at any revision for reading, at a known one for
 * writing; never makes or migrates tables there.
 * @throws Failure not-found (no such database, or an empty one), misconfigured (URI, TLS, unknown revision),
 * unauthenticated, denied, unavailable, timeout
 */
export async function openServer(options: SqlStoreOptions, server: ServerOptions): Promise<TrackingStore> {
  const uri = parseDatabaseUri(options.uri);
  const vendor = await vendorOf(uri, server);
  const sessions = await serverSessions(vendor, server, uri.label);
  try {
    return await prepare(sessions, options, (ask, io) => lockServer(vendor, server, uri.label, ask, io));
  } catch (thrown) {
    await sessions.close();
    throw thrown;
  }
}
