import type { Config } from '../config/resolve.ts';
import type { Clock } from '../core/clock.ts';
import type { RetryPolicy } from '../core/retry.ts';
import type { Authorizer } from '../net/authorizer.ts';
import { createNet } from '../net/create-net.ts';
import type { Net } from '../net/net.ts';
import { createAuthorizer } from '../tracking/rest/auth/authorize.ts';
import type { RestCredentials, RestOptions } from '../tracking/rest/options.ts';
import { awsKeys } from './aws-keys.ts';
import { trackingNet } from './net-options.ts';

/** The tracking server as both its API and its artifact proxy are reached: one set of connections and credentials. */
export interface Server {
  readonly net: Net;
  readonly authorizer: Authorizer;
  readonly options: RestOptions;
}

const MAX_WAIT_MS = 120_000;

/** MLFLOW_HTTP_REQUEST_* as a policy. */
export function retryPolicy(config: Config): RetryPolicy {
  return {
    maxRetries: config.get('http.maxRetries'),
    backoffMs: config.get('http.backoffFactor'),
    jitterMs: config.get('http.backoffJitter'),
    maxWaitMs: MAX_WAIT_MS,
    respectRetryAfter: config.get('http.respectRetryAfter'),
  };
}

function credentials(config: Config): RestCredentials {
  const username = config.get('tracking.username');
  const password = config.get('tracking.password');
  const token = config.get('tracking.token');
  const auth = config.get('tracking.auth');
  return {
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(token === undefined ? {} : { token }),
    ...(auth === undefined ? {} : { auth }),
    ...(config.get('tracking.awsSigv4') ? { sigV4: sigV4(config) } : {}),
  };
}

function sigV4(config: Config): NonNullable<RestCredentials['sigV4']> {
  const region = config.get('s3.region');
  const profile = config.get('s3.profile');
  const { accessKeyId, secretAccessKey, sessionToken } = awsKeys(config);
  return {
    ...(region === undefined ? {} : { region }),
    ...(profile === undefined ? {} : { profile }),
    ...(accessKeyId === undefined || secretAccessKey === undefined
      ? {}
      : { keys: { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) } }),
  };
}

/** Without a tracking server there is nobody to give its credentials to. */
const NOBODY: Authorizer = { hosts: [], authorize: async () => ({}) };

function isServer(uri: string): boolean {
  return /^https?:/i.test(uri);
}

/** Prepares the tracking server's connections; no request is made. @throws Failure misconfigured */
export function prepareServer(uri: string, config: Config, clock: Clock): Server {
  const net = createNet(trackingNet(config));
  const workspace = config.get('tracking.workspace');
  const base = {
    uri,
    credentials: credentials(config),
    trustedHosts: config.get('artifacts.trustedHosts'),
    ...(workspace === undefined ? {} : { workspace }),
  };
  const options: RestOptions = {
    ...base,
    net,
    clock,
    retry: retryPolicy(config),
    allowRedirects: config.get('http.allowRedirects'),
    timeoutMs: config.get('http.timeout'),
  };
  return { net, authorizer: isServer(uri) ? createAuthorizer(base, clock) : NOBODY, options };
}
