import type { LoggedModels } from '../store.ts';
import type { RestClient } from './client.ts';
import { loggedModelOf } from './decode.ts';
import { object } from './fields.ts';

/** Logged models over REST; a server before 3.0 has none and says so with `unsupported`. */
export function restLoggedModels(client: RestClient): LoggedModels {
  return {
    get: async (modelId, io) => {
      const answer = await client.call(
        {
          method: 'GET',
          path: `logged-models/${encodeURIComponent(modelId)}`,
          subject: `logged model ${modelId}`,
          repeatable: true,
          feature: 'logged models',
        },
        io,
      );
      return loggedModelOf(object(answer, 'model'));
    },
  };
}
