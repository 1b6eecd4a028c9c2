import { Failure } from '../../../core/failure.ts';
import { systemClock, type Clock } from '../../../core/clock.ts';
import type { Authorizer } from '../../../net/authorizer.ts';
import type { AuthorizerOptions, RestCredentials } from '../options.ts';
import { parseTrackingAddress, type TrackingAddress } from '../tracking-address.ts';
import { basic } from './basic.ts';
import { bearer } from './bearer.ts';
import { readCredentialsFile } from './credentials-file.ts';
import { serviceAccount } from './kubernetes.ts';
import { sigV4, type Sign } from './sigv4.ts';

/** Gives the value of `Authorization`, or undefined when there are no credentials. */
type Identity = () => Promise<string | undefined>;

const KUBERNETES = ['kubernetes', 'kubernetes-namespaced'];

function unknownPlugin(name: string): Failure {
  return new Failure({
    kind: 'unsupported',
    message: `MLFLOW_TRACKING_AUTH=${name} names a Python plugin, which cannot run here`,
    subject: 'MLFLOW_TRACKING_AUTH',
    hint: `unset it and use MLFLOW_TRACKING_TOKEN; known are ${KUBERNETES.join(' and ')}`,
  });
}

async function namedIdentity(credentials: RestCredentials): Promise<string | undefined> {
  const file =
    credentials.credentialsFile === undefined ? {} : await readCredentialsFile(credentials.credentialsFile);
  const username = credentials.username ?? file.username;
  const password = credentials.password ?? file.password;
  if (username && password) return basic(username, password);
  return credentials.token ? bearer(credentials.token) : undefined;
}

/** In MLflow's order: Kubernetes suppresses Basic, userinfo of the URI beats the variables, Basic beats the token. */
function identityOf(credentials: RestCredentials, address: TrackingAddress): Identity {
  const { auth, token, serviceAccountDir } = credentials;
  if (auth) {
    if (!KUBERNETES.includes(auth)) throw unknownPlugin(auth);
    return async () => bearer(token ?? (await serviceAccount('token', serviceAccountDir)));
  }
  const { userinfo } = address;
  if (userinfo) return async () => basic(userinfo.username, userinfo.password);
  let known: Promise<string | undefined> | undefined;
  return () => (known ??= namedIdentity(credentials));
}

async function workspaceHeader(options: AuthorizerOptions): Promise<Record<string, string>> {
  const { auth, serviceAccountDir, sigV4: signed } = options.credentials;
  const namespaced = auth === 'kubernetes-namespaced' && !signed;
  const name = options.workspace ?? (namespaced ? await serviceAccount('namespace', serviceAccountDir) : '');
  return name.trim() === '' ? {} : { 'x-mlflow-workspace': name.trim() };
}

/**
 * The tracking server's credentials, given to its own origin and to trusted hosts and to nobody else.
 * Follows mlflow/utils/rest_utils.py `http_request` and mlflow/utils/credentials.py; `.netrc` is not read.
 * @throws Failure misconfigured (the URI), unsupported (an authentication plugin)
 */
export function createAuthorizer(
  options: AuthorizerOptions,
  clock: Pick<Clock, 'now'> = systemClock,
): Authorizer {
  const address = parseTrackingAddress(options.uri);
  const { credentials, trustedHosts = [] } = options;
  const sign: Sign | undefined = credentials.sigV4 ? sigV4(credentials.sigV4, clock) : undefined;
  const identity: Identity = sign ? async () => undefined : identityOf(credentials, address);
  const granted = (url: URL) =>
    url.origin === address.origin || trustedHosts.includes(url.host) || trustedHosts.includes(url.hostname);
  return {
    hosts: [address.host, ...trustedHosts],
    async authorize(method, url, headers, body) {
      if (!granted(url)) return {};
      const authorization = await identity();
      const own = {
        ...(await workspaceHeader(options)),
        ...(authorization === undefined ? {} : { authorization }),
      };
      if (!sign) return own;
      const request = { method, url, headers: { ...headers, ...own } };
      return { ...own, ...(await sign(body === undefined ? request : { ...request, body })) };
    },
  };
}
