import { describeOrigin } from '../../../config/origin.ts';
import type { Context } from '../../context.ts';
import type { Check } from '../../check.ts';
import { ok, warn, type Finding } from '../../finding.ts';
import { given } from '../../settings/given.ts';
import { isInner } from '../../settings/inner-host.ts';
import { undo } from '../../settings/undo.ts';

function halves({ config }: Context): readonly Finding[] {
  const name = given(config, 'tracking.username');
  const password = given(config, 'tracking.password');
  const token = given(config, 'tracking.token');
  if (name && !password) {
    return [
      warn(
        `${describeOrigin(name.origin)} is set without a password, so requests carry no user name`,
        `set MLFLOW_TRACKING_PASSWORD as well, or ${undo(name.origin)}`,
      ),
    ];
  }
  if (password && !name) {
    return [
      warn(
        `${describeOrigin(password.origin)} is set without a user name, so requests carry no password`,
        `set MLFLOW_TRACKING_USERNAME as well, or ${undo(password.origin)}`,
      ),
    ];
  }
  if (!name || !token) return [];
  return [
    warn(
      `a user name (${describeOrigin(name.origin)}) and a token (${describeOrigin(token.origin)}) are set: the user name wins, and the token is ignored`,
      `keep the one that is meant; to use the user name: ${undo(token.origin)}`,
    ),
  ];
}

async function inTheClear(context: Context): Promise<readonly Finding[]> {
  const { config } = context;
  const uri = await context.trackingUri();
  if (!/^http:/i.test(uri) || !URL.canParse(uri)) return [];
  const { hostname, host, href } = new URL(uri);
  const secret = given(config, 'tracking.password') ?? given(config, 'tracking.token');
  if (!secret || isInner(hostname.replace(/^\[|\]$/g, ''))) return [];
  return [
    warn(
      `${describeOrigin(secret.origin)} goes to ${host} without encryption: the tracking URI is http`,
      `set MLFLOW_TRACKING_URI=${href.replace(/^http:/, 'https:').replace(/\/$/, '')}, once that server speaks TLS`,
    ),
  ];
}

export const trackingCredentials: Check = {
  id: 'D55',
  name: 'tracking-credentials',
  area: 'configuration',
  title: 'The tracking server gets whole credentials, of one kind, encrypted',
  explain:
    'MLFLOW_TRACKING_USERNAME counts only with MLFLOW_TRACKING_PASSWORD, and both beat MLFLOW_TRACKING_TOKEN; ~/.mlflow/credentials fills what the variables leave open. With half of a pair the request goes out without any, and the server answers 401. Over http: they can be read on the way; to a host of your own network that is your choice, elsewhere it is told.',
  network: false,
  needs: [],
  async run(context) {
    const found = [...halves(context), ...(await inTheClear(context))];
    return found.length > 0 ? found : [ok('nothing is half set')];
  },
};
