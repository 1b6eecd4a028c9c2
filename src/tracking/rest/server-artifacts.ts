import type { ServerArtifact, ServerArtifacts } from '../store.ts';
import type { RestCall, RestClient } from './client.ts';
import { number, present, text, type JsonObject } from './fields.ts';
import { pages } from './pages.ts';

function artifactOf(from: JsonObject): ServerArtifact {
  return present<ServerArtifact>({
    path: text(from, 'path') ?? '',
    isDirectory: from['is_dir'] === true,
    size: number(from, 'file_size'),
  });
}

/** What the server lists of a run's artifacts; MLflow leaves the size of an empty file out. */
export function restServerArtifacts(client: RestClient): ServerArtifacts {
  return {
    list: async (runId, path, io) => {
      const call = (token: string | undefined): RestCall => ({
        method: 'GET',
        path: 'artifacts/list',
        query: {
          run_id: runId,
          ...(path === '' ? {} : { path }),
          ...(token === undefined ? {} : { page_token: token }),
        },
        subject: `artifacts of run ${runId}`,
        repeatable: true,
      });
      const found: ServerArtifact[] = [];
      for await (const page of pages(client, call, 'files', io)) found.push(...page.map(artifactOf));
      return found;
    },
  };
}
