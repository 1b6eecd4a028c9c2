import type { fromNodeProviderChain } from '@aws-sdk/credential-providers';
import type { Clock } from '../../../core/clock.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import { redactUri } from '../../../core/redact.ts';
import type { Net } from '../../../net/net.ts';
import type { AwsKeys } from './sign.ts';

/** Where keys come from. */
export interface KeySource {
  /** The keys to sign with; undefined for anonymous requests. */
  get(io: Io): Promise<AwsKeys | undefined>;
  /** Tells that these keys were refused; true when `get` may give others now. */
  reject(keys: AwsKeys | undefined): boolean;
}

/** Anonymous requests. */
export const anonymous: KeySource = { get: async () => undefined, reject: () => false };

/** Keys that were given. */
export function givenKeys(keys: AwsKeys): KeySource {
  return { get: async () => keys, reject: () => false };
}

/** Keys are renewed this long before they expire, in ms. */
const MARGIN_MS = 5 * 60_000;

/** What the AWS SDK's default chain is told. */
export interface ChainOptions {
  readonly profile?: string;
  readonly region: string;
  readonly net: Net;
  readonly clock: Clock;
}

interface Held {
  readonly keys: AwsKeys;
  /** Milliseconds since the epoch. */
  readonly expires: number;
}

async function loadChain(options: ChainOptions): Promise<ReturnType<typeof fromNodeProviderChain>> {
  const sdk = await import('@aws-sdk/credential-providers');
  const { agents } = options.net;
  return sdk.fromNodeProviderChain({
    ...(options.profile === undefined ? {} : { profile: options.profile }),
    ignoreCache: true,
    clientConfig: {
      region: options.region,
      maxAttempts: 3,
      requestHandler: { httpAgent: agents.http, httpsAgent: agents.https },
    },
  });
}

function noKeys(thrown: unknown, profile: string | undefined): Failure {
  const said = redactUri(thrown instanceof Error ? thrown.message : String(thrown));
  const places =
    profile === undefined
      ? 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the AWS profile (also SSO and credential_process), ' +
        'web identity, container role, instance role'
      : `AWS profile ${profile} in ~/.aws/config and ~/.aws/credentials`;
  return new Failure(
    {
      kind: 'unauthenticated',
      message: `unable to find AWS credentials; looked at ${places} (${said})`,
      subject: 'AWS credentials',
      hint: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run aws sso login; for a public bucket set MLFLOW_EXPERIMENTAL_S3_SIGNATURE_VERSION=unsigned',
      settings: ['s3.accessKeyId', 's3.secretAccessKey', 's3.profile', 's3.signatureVersion'],
    },
    thrown,
  );
}

async function fetchKeys(options: ChainOptions): Promise<Held> {
  try {
    const provider = await loadChain(options);
    const { accessKeyId, secretAccessKey, sessionToken, expiration } = await provider();
    const keys = { accessKeyId, secretAccessKey, ...(sessionToken ? { sessionToken } : {}) };
    return { keys, expires: expiration?.getTime() ?? Infinity };
  } catch (thrown) {
    throw noKeys(thrown, options.profile);
  }
}

async function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    signal.addEventListener('abort', stop, { once: true });
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop));
  });
}

/**
 * The AWS SDK's default chain: environment, profile, SSO, process, web identity, container and instance role. Loaded at
 * the first use; its requests use Net's connections. Keys are kept until shortly before they expire; many callers wait
 * for one answer.
 * https://docs.aws.amazon.com/sdkref/latest/guide/standardized-credentials.html
 * @throws Failure unauthenticated, naming the places that were looked at
 */
export function chainKeys(options: ChainOptions): KeySource {
  let held: Held | undefined;
  let pending: Promise<Held> | undefined;
  const renew = async (): Promise<Held> => {
    pending ??= fetchKeys(options).finally(() => (pending = undefined));
    held = await pending;
    return held;
  };
  return {
    get: async (io) => {
      io.signal.throwIfAborted();
      const now = options.clock.now();
      if (held !== undefined && now < held.expires - MARGIN_MS) return held.keys;
      const usable = held !== undefined && now < held.expires ? held : undefined;
      const renewed = unlessAborted(renew(), io.signal);
      return (await (usable ? renewed.catch(() => usable) : renewed)).keys;
    },
    reject: (keys) => {
      if (held?.keys === keys) held = undefined;
      return true;
    },
  };
}
