import type { Kysely, SelectQueryBuilder } from 'kysely';
import type { ModelVersion } from '../entities.ts';
import { canonicalStage, DELETED_STAGE, isLatest, noVersion, versionUri } from '../stages.ts';
import type { Registry } from '../store.ts';
import type { Io } from '../../core/io.ts';
import type { SqlContext } from './context.ts';
import type { Tables } from './tables.ts';

type Row = Omit<Tables['model_versions'], 'workspace' | 'storage_location'> & {
  storage_location?: string | null;
};

function toVersion(row: Row): ModelVersion {
  return {
    name: row.name,
    version: String(row.version),
    source: row.source ?? '',
    ...(row.storage_location ? { storageLocation: row.storage_location } : {}),
    ...(row.run_id ? { runId: row.run_id } : {}),
    ...(row.current_stage ? { stage: row.current_stage } : {}),
  };
}

/** The versions of a model that are not deleted. */
function selectVersions(
  db: Kysely<Tables>,
  { facts, workspace }: SqlContext,
  name: string,
): SelectQueryBuilder<Tables, 'model_versions', Row> {
  return db
    .selectFrom('model_versions')
    .select(['name', 'version', 'current_stage', 'source', 'run_id'])
    .$if(facts.has('model_versions', 'storage_location'), (all) => all.select('storage_location'))
    .where('name', '=', name)
    .where((eb) => eb.or([eb('current_stage', 'is', null), eb('current_stage', '!=', DELETED_STAGE)]))
    .$if(facts.has('model_versions', 'workspace'), (all) => all.where('workspace', '=', workspace));
}

async function newest(
  context: SqlContext,
  name: string,
  stage: string | undefined,
  io: Io,
): Promise<ModelVersion> {
  const row = await context.sessions.read(io, (db) =>
    selectVersions(db, context, name)
      .$if(stage !== undefined, (all) => all.where('current_stage', '=', stage ?? ''))
      .orderBy('version', 'desc')
      .limit(1)
      .executeTakeFirst(),
  );
  if (!row) throw noVersion(name, stage === undefined ? 'version' : `version in the stage ${stage}`);
  return toVersion(row);
}

async function byNumber(context: SqlContext, name: string, version: string, io: Io): Promise<ModelVersion> {
  const number = /^\d+$/.test(version) ? Number(version) : undefined;
  const row =
    number === undefined
      ? undefined
      : await context.sessions.read(io, (db) =>
          selectVersions(db, context, name).where('version', '=', number).executeTakeFirst(),
        );
  if (!row) throw noVersion(name, `version ${version}`);
  return toVersion(row);
}

async function byAlias(context: SqlContext, name: string, alias: string, io: Io): Promise<ModelVersion> {
  if (isLatest(alias)) return await newest(context, name, undefined, io);
  const { facts, workspace } = context;
  const row = facts.has('registered_model_aliases')
    ? await context.sessions.read(io, (db) =>
        db
          .selectFrom('registered_model_aliases')
          .select('version')
          .where('name', '=', name)
          .where('alias', '=', alias)
          .$if(facts.has('registered_model_aliases', 'workspace'), (all) =>
            all.where('workspace', '=', workspace),
          )
          .executeTakeFirst(),
      )
    : undefined;
  if (!row) throw noVersion(name, `alias ${alias}`);
  return await byNumber(context, name, String(row.version), io);
}

/** The model registry in a database (mlflow/store/model_registry/sqlalchemy_store.py). */
export function sqlRegistry(context: SqlContext): Registry {
  return {
    version: (name, version, io) => byNumber(context, name, version, io),
    byAlias: (name, alias, io) => byAlias(context, name, alias, io),
    byStage: async (name, stage, io) =>
      newest(context, name, isLatest(stage) ? undefined : canonicalStage(stage), io),
    downloadUri: async (version) => versionUri(version),
  };
}
