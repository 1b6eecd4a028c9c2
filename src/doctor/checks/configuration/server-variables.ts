import { describeOrigin } from '../../../config/origin.ts';
import { variableNames } from '../../../config/setting.ts';
import { declarationOf, KEYS } from '../../../config/settings/index.ts';
import type { Check } from '../../check.ts';
import { warn } from '../../finding.ts';

const RESERVED = KEYS.filter((key) => declarationOf(key).serverOnly);

export const serverVariables: Check = {
  id: 'D33',
  name: 'server-variables',
  area: 'configuration',
  title: 'No variable of the server is set on this client',
  explain:
    'MLflow’s server reads its own settings from reserved variables, and the same names present in a client’s environment make the client resolve paths as if it were the server: MLflow’s documentation says to unset them. Shared .env files and container images are where they come from. On the server’s own machine they are in their place: ignore this check there with --ignore D33.',
  network: false,
  needs: [],
  run({ env }) {
    return RESERVED.flatMap((key) =>
      variableNames(declarationOf(key))
        .filter((name) => (env[name] ?? '') !== '')
        .map((name) =>
          warn(
            `${describeOrigin({ from: 'environment', name })} is set here, and only the MLflow server reads it`,
            `remove it from this client: unset ${name}`,
            name,
          ),
        ),
    );
  },
};
