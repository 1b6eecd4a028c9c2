import type { Kysely } from 'kysely';
import type { Io } from '../../../core/io.ts';
import type { Reference } from '../../collect.ts';
import { DELETED_STAGE } from '../../stages.ts';
import { PAGE_ROWS, type SqlContext } from '../context.ts';
import type { Tables } from '../tables.ts';
import { TRACE_LOCATION_TAG } from './read-tags.ts';

type Db = Kysely<Tables>;

/** A page of rows behind `after`, and where the next one starts; absent behind the last. */
interface Batch<Key> {
  readonly found: readonly Reference[];
  readonly next?: Key;
}

type Read<Key> = (db: Db, after: Key | undefined) => Promise<Batch<Key>>;

async function* pages<Key>(
  context: SqlContext,
  io: Io,
  read: Read<Key>,
): AsyncGenerator<readonly Reference[]> {
  for (let after: Key | undefined; ;) {
    const { found, next } = await context.sessions.read(io, (db) => read(db, after));
    if (found.length > 0) yield found;
    if (next === undefined) return;
    after = next;
  }
}

function batch<Row, Key>(
  rows: readonly Row[],
  key: (row: Row) => Key,
  reference: (row: Row) => readonly Reference[],
): Batch<Key> {
  const last = rows.length < PAGE_ROWS ? undefined : rows.at(-1);
  return { found: rows.flatMap(reference), ...(last === undefined ? {} : { next: key(last) }) };
}

function files(kind: 'run' | 'model' | 'trace', id: string, uri: string | null): readonly Reference[] {
  return uri ? [{ owner: { kind, id }, role: 'files', uri }] : [];
}

const runs: Read<string> = async (db, after = '') => {
  const rows = await db
    .selectFrom('runs')
    .select(['run_uuid', 'artifact_uri'])
    .where('run_uuid', '>', after)
    .orderBy('run_uuid')
    .limit(PAGE_ROWS)
    .execute();
  return batch(
    rows,
    (row) => row.run_uuid,
    (row) => files('run', row.run_uuid, row.artifact_uri),
  );
};

const taggedRuns =
  (tag: string): Read<string> =>
  async (db, after = '') => {
    const rows = await db
      .selectFrom('tags')
      .select(['run_uuid', 'value'])
      .where('key', '=', tag)
      .where('run_uuid', '>', after)
      .orderBy('run_uuid')
      .limit(PAGE_ROWS)
      .execute();
    return batch(
      rows,
      (row) => row.run_uuid,
      (row) => files('run', row.run_uuid, row.value),
    );
  };

const models: Read<string> = async (db, after = '') => {
  const rows = await db
    .selectFrom('logged_models')
    .select(['model_id', 'artifact_location'])
    .where('model_id', '>', after)
    .orderBy('model_id')
    .limit(PAGE_ROWS)
    .execute();
  return batch(
    rows,
    (row) => row.model_id,
    (row) => files('model', row.model_id, row.artifact_location),
  );
};

const traces: Read<string> = async (db, after = '') => {
  const rows = await db
    .selectFrom('trace_tags')
    .select(['request_id', 'value'])
    .where('key', '=', TRACE_LOCATION_TAG)
    .where('request_id', '>', after)
    .orderBy('request_id')
    .limit(PAGE_ROWS)
    .execute();
  return batch(
    rows,
    (row) => row.request_id,
    (row) => files('trace', row.request_id, row.value),
  );
};

const experiments: Read<number> = async (db, after = -1) => {
  const rows = await db
    .selectFrom('experiments')
    .select(['experiment_id', 'artifact_location'])
    .where('experiment_id', '>', after)
    .orderBy('experiment_id')
    .limit(PAGE_ROWS)
    .execute();
  return batch(
    rows,
    (row) => row.experiment_id,
    ({ experiment_id: id, artifact_location: uri }) =>
      uri ? [{ owner: { kind: 'experiment', id: String(id) }, role: 'root', uri }] : [],
  );
};

type VersionKey = readonly [workspace: string, name: string, version: number];
type VersionRow = Pick<Tables['model_versions'], 'name' | 'version' | 'source' | 'run_id'> &
  Partial<Pick<Tables['model_versions'], 'workspace' | 'storage_location'>>;

function versionReferences({ name, version, source, storage_location, run_id }: VersionRow): Reference[] {
  const owner = { kind: 'version', id: `${name}/${String(version)}` } as const;
  const uris = [...new Set([source, storage_location ?? null])].filter((uri) => uri !== null && uri !== '');
  const named: Reference[] = uris.map((uri) => ({ owner, role: 'files', uri: uri ?? '' }));
  return run_id ? [...named, { owner, role: 'files', runId: run_id }] : named;
}

/** Versions that are not deleted, of all workspaces. */
function versions({ facts }: SqlContext): Read<VersionKey> {
  const scoped = facts.has('model_versions', 'workspace');
  return async (db, after) => {
    const rows: VersionRow[] = await db
      .selectFrom('model_versions')
      .select(['name', 'version', 'source', 'run_id'])
      .$if(scoped, (all) => all.select('workspace'))
      .$if(facts.has('model_versions', 'storage_location'), (all) => all.select('storage_location'))
      .where((eb) => eb.or([eb('current_stage', 'is', null), eb('current_stage', '!=', DELETED_STAGE)]))
      .$if(after !== undefined, (all) =>
        all.where((eb) => {
          const [workspace = '', name = '', version = 0] = after ?? [];
          const behind = eb.or([
            eb('name', '>', name),
            eb.and([eb('name', '=', name), eb('version', '>', version)]),
          ]);
          if (!scoped) return behind;
          return eb.or([eb('workspace', '>', workspace), eb.and([eb('workspace', '=', workspace), behind])]);
        }),
      )
      .$if(scoped, (all) => all.orderBy('workspace'))
      .orderBy('name')
      .orderBy('version')
      .limit(PAGE_ROWS)
      .execute();
    return batch(rows, (row): VersionKey => [row.workspace ?? '', row.name, row.version], versionReferences);
  };
}

/** Where workspaces place new things; there are few. */
async function* workspaceRoots(context: SqlContext, io: Io): AsyncGenerator<readonly Reference[]> {
  for (const column of ['default_artifact_root', 'trace_archival_location'] as const) {
    if (!context.facts.has('workspaces', column)) continue;
    const rows = await context.sessions.read(io, (db) =>
      db.selectFrom('workspaces').select(['name', column]).execute(),
    );
    yield rows.flatMap((row): Reference[] => {
      const uri = (row as Readonly<Record<string, string | null>>)[column];
      return uri ? [{ owner: { kind: 'workspace', id: row.name }, role: 'root', uri }] : [];
    });
  }
}

/** Everything in the database that names a place, deleted rows too: whoever asks knows which of them go. */
export async function* readReferences(
  context: SqlContext,
  locationTag: string,
  io: Io,
): AsyncGenerator<readonly Reference[]> {
  const { facts } = context;
  yield* pages(context, io, runs);
  yield* pages(context, io, taggedRuns(locationTag));
  yield* pages(context, io, experiments);
  if (facts.has('logged_models')) yield* pages(context, io, models);
  if (facts.has('trace_tags')) yield* pages(context, io, traces);
  if (facts.has('model_versions')) yield* pages(context, io, versions(context));
  yield* workspaceRoots(context, io);
}
