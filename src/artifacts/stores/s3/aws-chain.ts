import type { Net } from '../../../net/net.ts';
import { credentialFailure } from './credential-failure.ts';
import type { AwsKeys } from './sign.ts';

/** What the AWS SDK's default chain is told. */
export interface ChainOptions {
  readonly profile?: string;
  /** Of STS, unless the profile whose role is assumed names another. Unset: us-east-1. */
  readonly region?: string;
  readonly net: Net;
}

/** Keys that the chain gave. */
export interface FetchedKeys {
  readonly keys: AwsKeys;
  /** Milliseconds since the epoch; Infinity for keys that do not expire. */
  readonly expires: number;
  /** Who gave them, for people. */
  readonly source: string;
}

const CONNECT_MS = 10_000;
const ANSWER_MS = 30_000;

/**
 * The marks that the chain's providers leave on what they give, the last step first:
 * https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 */
const SOURCES: readonly (readonly [mark: string, name: string])[] = [
  ['CREDENTIALS_STS_ASSUME_ROLE_WEB_ID', 'role by web identity'],
  ['CREDENTIALS_STS_ASSUME_ROLE', 'assumed role'],
  ['CREDENTIALS_SSO', 'SSO'],
  ['CREDENTIALS_SSO_LEGACY', 'SSO'],
  ['CREDENTIALS_LOGIN', 'aws login'],
  ['CREDENTIALS_PROCESS', 'credential_process'],
  ['CREDENTIALS_HTTP', 'container role'],
  ['CREDENTIALS_IMDS', 'instance role'],
  ['CREDENTIALS_PROFILE', 'keys'],
  ['CREDENTIALS_ENV_VARS', 'AWS_ACCESS_KEY_ID'],
];

function sourceOf(given: object, profile: string | undefined): string {
  const marks = '$source' in given ? Object.keys(given.$source as object) : [];
  const name = SOURCES.find(([mark]) => marks.includes(mark))?.[1] ?? 'the AWS default chain';
  const inProfile = marks.some((mark) => mark.startsWith('CREDENTIALS_PROFILE'));
  return inProfile ? `${name} of AWS profile ${profile ?? 'default'}` : name;
}

const nothing = (): void => undefined;
/** Without one the chain warns on stderr where a profile is named and there are keys of variables as well. */
const SILENT = { trace: nothing, debug: nothing, info: nothing, warn: nothing, error: nothing };

async function load({ profile, region = 'us-east-1', net }: ChainOptions) {
  const sdk = await import('@aws-sdk/credential-providers');
  const requestHandler = {
    httpAgent: net.agents.http,
    httpsAgent: net.agents.https,
    connectionTimeout: CONNECT_MS,
    requestTimeout: ANSWER_MS,
    throwOnRequestTimeout: true,
  };
  // Each client reads only some of these: SSO and its tokens the first, a profile's web identity only the second. A
  // region among the first would beat the profile's sso_region.
  return sdk.fromNodeProviderChain({
    ...(profile === undefined ? {} : { profile }),
    ignoreCache: true,
    logger: SILENT,
    clientConfig: { maxAttempts: 3, requestHandler },
    parentClientConfig: {
      maxAttempts: 3,
      requestHandler,
      region,
      ...(profile === undefined ? {} : { profile }),
    },
  });
}

/**
 * Asks the AWS SDK's default chain: environment, profile, SSO, process, web identity, container and instance role. What
 * it asks of STS and SSO goes over Net's connections; container and instance roles are asked directly, as they are
 * addresses of the machine itself.
 * @throws Failure unauthenticated (naming the places that were looked at, or what was refused), denied, misconfigured,
 * unavailable
 */
export async function fetchChainKeys(options: ChainOptions): Promise<FetchedKeys> {
  try {
    const provider = await load(options);
    const given = await provider();
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = given;
    return {
      keys: { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) },
      expires: expiration?.getTime() ?? Infinity,
      source: sourceOf(given, options.profile),
    };
  } catch (thrown) {
    throw credentialFailure(thrown, options.profile, options.net);
  }
}
