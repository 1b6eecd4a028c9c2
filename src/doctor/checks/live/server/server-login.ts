import { Failure } from '../../../../core/failure.ts';
import type { Check } from '../../../check.ts';
import type { TrackingServer } from '../../../context.ts';
import { ok } from '../../../finding.ts';
import { failWith } from '../../../live/fail-with.ts';

const USUAL =
  'set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN, to somebody who may read experiments';

async function credentialsOf({ uri, authorizer }: TrackingServer): Promise<string> {
  const { authorization } = await authorizer.authorize('GET', new URL(uri), {});
  if (authorization === undefined) return 'without credentials';
  return `to the credentials that are set (${authorization.split(' ', 1)[0] ?? ''})`;
}

export const serverLogin: Check = {
  id: 'D71',
  name: 'server-login',
  area: 'server',
  title: 'The tracking server lets this client in',
  explain:
    "One experiment is asked for, with the credentials that every command uses: MLFLOW_TRACKING_USERNAME and _PASSWORD, MLFLOW_TRACKING_TOKEN, the tracking URI's own, ~/.mlflow/credentials. 401 means that they are missing or wrong, 403 that they lack rights, a web page that a proxy wants a person to log in, 404 that the path of the tracking URI is wrong. A BashOperator with env= drops them all.",
  network: true,
  needs: ['server', 'D70', 'D19', 'tracking'],
  async run(context, io) {
    const { experiments } = await context.tracking();
    try {
      const search = { view: 'active_only', maxResults: 1 } as const;
      for await (const page of experiments.search(search, io)) if (page.length > 0) break;
    } catch (thrown) {
      if (thrown instanceof Failure && !io.signal.aborted) return [failWith(thrown, USUAL)];
      throw thrown;
    }
    return [ok(`it answers ${await credentialsOf(await context.server())}`)];
  },
};
