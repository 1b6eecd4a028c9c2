import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../../core/failure.ts';
import type { ModelVersion } from '../entities.ts';
import { canonicalStage, DELETED_STAGE, isLatest, noVersion, versionUri } from '../stages.ts';
import type { Registry } from '../store.ts';
import type { FileContext } from './context.ts';
import { errorCode, fileFailure, REGISTRY, subfolders } from './layout.ts';
import { readMetaIfAny } from './meta.ts';

/** A model's folder. @throws Failure invalid for a name that could leave the registry */
function modelFolder(context: FileContext, name: string): string {
  if (name !== '' && name !== '.' && name !== '..' && !/[/\\%]/.test(name)) {
    return join(context.root, REGISTRY, name);
  }
  throw new Failure({
    kind: 'invalid',
    message: `${JSON.stringify(name)} cannot be the name of a model in the file store`,
    subject: name,
    hint: 'a name holds no slash, backslash or percent sign',
  });
}

async function readVersion(
  context: FileContext,
  name: string,
  version: string,
): Promise<ModelVersion | undefined> {
  if (!/^\d+$/.test(version)) return undefined;
  const folder = join(modelFolder(context, name), `version-${Number(version)}`);
  const meta = await readMetaIfAny(folder, context.clock);
  const stage = meta?.text('current_stage');
  if (!meta || stage === DELETED_STAGE) return undefined;
  const [storageLocation, runId] = [meta.text('storage_location'), meta.text('run_id')];
  return {
    name,
    version: String(Number(version)),
    source: meta.text('source') ?? '',
    ...(storageLocation ? { storageLocation } : {}),
    ...(runId ? { runId } : {}),
    ...(stage ? { stage } : {}),
  };
}

async function byNumber(context: FileContext, name: string, version: string): Promise<ModelVersion> {
  const found = await readVersion(context, name, version);
  if (!found) throw noVersion(name, `version ${version}`);
  return found;
}

async function newest(context: FileContext, name: string, stage: string | undefined): Promise<ModelVersion> {
  const numbers = (await subfolders(modelFolder(context, name)))
    .map((folder) => /^version-(\d+)$/.exec(folder)?.[1])
    .filter((number) => number !== undefined)
    .sort((a, b) => Number(b) - Number(a));
  for (const number of numbers) {
    const version = await readVersion(context, name, number);
    if (version && (stage === undefined || version.stage === stage)) return version;
  }
  throw noVersion(name, stage === undefined ? 'version' : `version in the stage ${stage}`);
}

async function byAlias(context: FileContext, name: string, alias: string): Promise<ModelVersion> {
  if (isLatest(alias)) return await newest(context, name, undefined);
  if (!/^[\p{L}\p{N}_-]+$/u.test(alias)) throw noVersion(name, `alias ${alias}`);
  const path = join(modelFolder(context, name), 'aliases', alias);
  try {
    return await byNumber(context, name, (await readFile(path, 'utf8')).trim());
  } catch (thrown) {
    if (errorCode(thrown) === 'ENOENT') throw noVersion(name, `alias ${alias}`);
    throw fileFailure(thrown, path);
  }
}

/** The model registry in `<root>/models` (mlflow/store/model_registry/file_store.py). */
export function fileRegistry(context: FileContext): Registry {
  return {
    version: (name, version) => byNumber(context, name, version),
    byAlias: (name, alias) => byAlias(context, name, alias),
    byStage: async (name, stage) =>
      newest(context, name, isLatest(stage) ? undefined : canonicalStage(stage)),
    downloadUri: async (version) => versionUri(version),
  };
}
