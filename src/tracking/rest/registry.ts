import { Failure } from '../../core/failure.ts';
import type { Io } from '../../core/io.ts';
import type { ModelVersion } from '../entities.ts';
import type { Registry } from '../store.ts';
import type { RestClient } from './client.ts';
import { modelVersionOf } from './decode.ts';
import { object, objects, text, type JsonObject } from './fields.ts';

const feature = 'model registry';

async function ask(
  client: RestClient,
  path: string,
  query: Readonly<Record<string, string>>,
  subject: string,
  io: Io,
): Promise<JsonObject> {
  return client.call({ method: 'GET', path, query, subject, repeatable: true, feature }, io);
}

async function byStage(client: RestClient, name: string, stage: string, io: Io): Promise<ModelVersion> {
  const stages = stage.toLowerCase() === 'latest' ? undefined : [stage];
  const subject = `model ${name}/${stage}`;
  const answer = await client.call(
    {
      method: 'POST',
      path: 'registered-models/get-latest-versions',
      json: { name, stages },
      subject,
      repeatable: true,
      feature,
    },
    io,
  );
  const versions = objects(answer, 'model_versions').map(modelVersionOf);
  const [newest] = versions.sort((a, b) => Number(b.version) - Number(a.version));
  if (newest) return newest;
  const where = stages === undefined ? '' : ` in stage ${stage}`;
  throw new Failure({ kind: 'not-found', message: `model ${name} has no version${where}`, subject });
}

async function downloadUri(client: RestClient, model: ModelVersion, io: Io): Promise<string> {
  const { name, version } = model;
  const subject = `model ${name}/${version}`;
  const answer = await ask(client, 'model-versions/get-download-uri', { name, version }, subject, io);
  return text(answer, 'artifact_uri') || model.source;
}

/** The server calls an alias that nobody set an invalid parameter. */
function noAlias(thrown: unknown, subject: string): unknown {
  if (!(thrown instanceof Failure) || thrown.kind !== 'invalid') return thrown;
  return thrown.with({ kind: 'not-found', hint: `check the alias of ${subject}` });
}

/** The model registry over REST, in the roles that reading artifacts needs. */
export function restRegistry(client: RestClient): Registry {
  return {
    version: async (name, version, io) => {
      const query = { name, version };
      const answer = await ask(client, 'model-versions/get', query, `model ${name}/${version}`, io);
      return modelVersionOf(object(answer, 'model_version'));
    },
    byAlias: async (name, alias, io) => {
      const query = { name, alias };
      const subject = `model ${name}@${alias}`;
      try {
        const answer = await ask(client, 'registered-models/alias', query, subject, io);
        return modelVersionOf(object(answer, 'model_version'));
      } catch (thrown) {
        throw noAlias(thrown, subject);
      }
    },
    byStage: (name, stage, io) => byStage(client, name, stage, io),
    downloadUri: (version, io) => downloadUri(client, version, io),
  };
}
