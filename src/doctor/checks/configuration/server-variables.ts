import { variableNames } from '../../../config/setting.ts';
import { declarationOf, KEYS } from '../../../config/settings/index.ts';
import type { Check } from '../../check.ts';
import { ok, warn, type Finding } from '../../finding.ts';
import { given } from '../../settings/given.ts';

const RESERVED = KEYS.filter((key) => declarationOf(key).serverOnly).flatMap((key) =>
  variableNames(declarationOf(key)),
);
/** What Kubernetes puts into every pod beside a service called mlflow. */
const SERVICE_LINK = /^tcp:\/\//;

/** What gc reads as well: a machine that has nothing but it collects garbage. */
const OF_GC = 'MLFLOW_BACKEND_STORE_URI';

function judge(name: string, isClient: boolean): Finding {
  if (name !== OF_GC) {
    return warn(
      `${name} is set here, and only the MLflow server should read it`,
      `unset ${name} on this client`,
      name,
    );
  }
  if (!isClient) return ok(`${name} is set here and no tracking URI, as gc has it`, name);
  return warn(
    `${name} is set here beside a tracking URI, and only the MLflow server and gc should read it`,
    `unset ${name} on this client, or, where it is for gc, give it to the task that runs gc alone`,
    name,
  );
}

export const serverVariables: Check = {
  id: 'D33',
  name: 'server-variables',
  area: 'configuration',
  title: 'No variable of the server is set on this client',
  explain:
    "MLflow's server reads its own settings from reserved variables, and the same names in a client's environment can make the client resolve locations as if it were the server: MLflow's documentation says to unset them on clients. Shared .env files and container images are where they come from. On the server's own machine they are in their place: --ignore D33 there. MLFLOW_BACKEND_STORE_URI is what gc works on too: on a machine without a tracking URI nothing is said of it; elsewhere give it to the task that runs gc alone.",
  network: false,
  needs: [],
  run({ config, env }) {
    const isClient = given(config, 'tracking.uri') !== undefined;
    const found = RESERVED.filter((name) => (env[name] ?? '') !== '' && !SERVICE_LINK.test(env[name] ?? ''));
    if (found.length === 0) return [ok('none is set')];
    return found.map((name) => judge(name, isClient));
  },
};
