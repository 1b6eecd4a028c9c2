import { variableNames } from '../../../config/setting.ts';
import { declarationOf, KEYS } from '../../../config/settings/index.ts';
import type { Check } from '../../check.ts';
import { ok, warn } from '../../finding.ts';

const RESERVED = KEYS.filter((key) => declarationOf(key).serverOnly).flatMap((key) =>
  variableNames(declarationOf(key)),
);
/** What Kubernetes puts into every pod beside a service called mlflow. */
const SERVICE_LINK = /^tcp:\/\//;

export const serverVariables: Check = {
  id: 'D33',
  name: 'server-variables',
  area: 'configuration',
  title: 'No variable of the server is set on this client',
  explain:
    'MLflow’s server reads its own settings from reserved variables, and the same names in a client’s environment can make the client resolve locations as if it were the server: MLflow’s documentation says to unset them on clients. Shared .env files and container images are where they come from. On the server’s own machine they are in their place: --ignore D33 there.',
  network: false,
  needs: [],
  run({ env }) {
    const found = RESERVED.filter((name) => (env[name] ?? '') !== '' && !SERVICE_LINK.test(env[name] ?? ''));
    if (found.length === 0) return [ok('none is set')];
    return found.map((name) =>
      warn(
        `${name} is set here, and only the MLflow server should read it`,
        `unset ${name} on this client`,
        name,
      ),
    );
  },
};
