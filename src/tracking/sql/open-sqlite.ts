import { mkdir, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import { absoluteIfLocal } from '../locations.ts';
import type { TrackingStore } from '../store.ts';
import { assembleStore, assertWorkspaces } from './assemble-store.ts';
import { createDatabase, isEmpty } from './create-database.ts';
import type { SchemaFacts } from './facts.ts';
import { readFacts } from './facts.ts';
import type { SqlStoreOptions } from './open.ts';
import { assertWritable } from './revisions.ts';
import { lockSideFile } from './side-file-lock.ts';
import type { SqliteConnection } from './sqlite-connection.ts';
import { connectSqlite, DEFAULT_PATIENCE_MS } from './sqlite-connection.ts';
import { sqliteFailure } from './sqlite-failures.ts';
import { sqliteSessions } from './sqlite-sessions.ts';
import type { SqliteTarget } from './sqlite-uri.ts';
import { parseSqliteUri } from './sqlite-uri.ts';
import { DEFAULT_WORKSPACE } from './workspaces.ts';

async function fileSize(path: string, uri: string): Promise<number | undefined> {
  try {
    const found = await stat(path);
    if (found.isDirectory()) {
      throw new Failure({
        kind: 'wrong-kind',
        message: `${path} is a folder, not a database`,
        subject: uri,
        hint: 'check the path of the tracking URI',
      });
    }
    return found.size;
  } catch (thrown) {
    if (thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT') return undefined;
    throw thrown instanceof Failure
      ? thrown
      : new Failure({ kind: 'denied', message: `${path} cannot be read`, subject: uri }, thrown);
  }
}

async function connect(
  target: SqliteTarget,
  options: SqlStoreOptions,
): Promise<{ readonly connection: SqliteConnection; readonly isNew: boolean }> {
  const { path } = target;
  const { intent, uri, clock } = options;
  const size = await fileSize(path, uri);
  if (size === undefined && intent !== 'create') {
    throw new Failure({
      kind: 'not-found',
      message: `there is no database at ${path}`,
      subject: uri,
      hint: 'check the path, or create it with: mlstow experiments create',
    });
  }
  if (size === undefined) await makeFolder(dirname(path), uri);
  const waiting = { clock, patienceMs: target.patienceMs ?? DEFAULT_PATIENCE_MS };
  const mode = size === undefined ? 'rwc' : target.readOnly ? 'ro' : 'rw';
  return { connection: await connectSqlite(path, mode, waiting, uri), isNew: !size };
}

async function makeFolder(path: string, uri: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (thrown) {
    throw new Failure(
      {
        kind: 'denied',
        message: `the folder ${path} cannot be made`,
        subject: uri,
        hint: 'check the path of the tracking URI and the permissions of the folders above',
      },
      thrown,
    );
  }
}

function assertMlflow(facts: SchemaFacts, path: string, uri: string): void {
  if (facts.has('experiments') && facts.has('runs')) return;
  throw new Failure({
    kind: facts.empty ? 'not-found' : 'misconfigured',
    message: `${path} ${facts.empty ? 'is an empty database' : 'holds no tables of MLflow'}`,
    subject: uri,
    hint: facts.empty
      ? 'check the path, or create it with: mlstow experiments create'
      : 'check the path of the tracking URI',
  });
}

function writeGuard(facts: SchemaFacts, target: SqliteTarget, options: SqlStoreOptions): () => void {
  const { uri, intent } = options;
  if (intent !== 'read' && !target.readOnly) return () => assertWritable(facts, uri);
  return () => {
    throw new Failure({
      kind: target.readOnly ? 'denied' : 'internal',
      message: `${uri} was opened for reading only`,
      subject: uri,
      ...(target.readOnly ? { hint: 'leave ?mode=ro out of the tracking URI' } : {}),
    });
  };
}

async function prepare(
  connection: SqliteConnection,
  isNew: boolean,
  target: SqliteTarget,
  options: SqlStoreOptions,
): Promise<TrackingStore> {
  const { uri, cwd, clock, notify } = options;
  const io: Io = options.io ?? { signal: new AbortController().signal };
  const artifactRoot = absoluteIfLocal(options.defaultArtifactRoot ?? join(cwd, 'mlruns'), cwd);
  const workspace = options.workspace ?? DEFAULT_WORKSPACE;
  if (options.intent === 'create' && (await isEmpty(connection, io))) {
    await createDatabase(connection, { path: target.path, isNew, artifactRoot, now: clock.now() }, io);
  }
  const sessions = await sqliteSessions(connection, uri);
  const facts = await readFacts(sessions, io);
  assertMlflow(facts, target.path, uri);
  assertWorkspaces(facts, workspace, uri);
  const assertCanWrite = writeGuard(facts, target, options);
  if (options.intent !== 'read') assertCanWrite();
  return assembleStore(
    { sessions, facts, clock, workspace, artifactRoot, cwd, assertWritable: assertCanWrite, notify },
    'local',
    (ask, lockIo) => lockSideFile(`${target.path}.mlstow-gc.lock`, ask, clock, lockIo),
  );
}

/**
 * Opens an SQLite database of MLflow, at any revision for reading, at a known one for writing; never migrates it.
 * With the intent `create` an absent or empty file becomes what MLflow 3.17.2 would make, with the experiment 0
 * `Default`.
 * @throws Failure not-found, misconfigured (unknown revision, not a database URI), denied, corrupt, unavailable (locked)
 */
export async function openSqlite(options: SqlStoreOptions): Promise<TrackingStore> {
  const target = parseSqliteUri(options.uri, options.cwd);
  const { connection, isNew } = await connect(target, options);
  try {
    return await prepare(connection, isNew, target, options);
  } catch (thrown) {
    connection.close();
    throw sqliteFailure(thrown, options.uri);
  }
}
