import { Failure } from '../../../core/failure.ts';
import type { Clock } from '../../../core/clock.ts';
import type { SigV4Options } from '../options.ts';

/** What is signed. */
export interface Signable {
  readonly method: string;
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array | 'streamed';
}

export type Sign = (request: Signable) => Promise<Readonly<Record<string, string>>>;

const SERVICE = 'execute-api';

function regionOf(options: SigV4Options, url: URL): string {
  const region = options.region ?? /\.execute-api\.([a-z0-9-]+)\.amazonaws\.com/.exec(url.hostname)?.[1];
  if (region !== undefined) return region;
  throw new Failure({
    kind: 'misconfigured',
    message: 'requests cannot be signed for AWS: no region is known',
    subject: 'MLFLOW_TRACKING_AWS_SIGV4',
    hint: 'set AWS_DEFAULT_REGION',
  });
}

function queryOf(url: URL): Record<string, string[]> {
  const query: Record<string, string[]> = {};
  for (const name of new Set(url.searchParams.keys())) query[name] = url.searchParams.getAll(name);
  return query;
}

type Provider = () => Promise<NonNullable<SigV4Options['keys']>>;

async function chain(options: SigV4Options): Promise<Provider> {
  const { fromNodeProviderChain } = await import('@aws-sdk/credential-providers');
  const provider = fromNodeProviderChain(options.profile === undefined ? {} : { profile: options.profile });
  return async () => {
    try {
      return await provider();
    } catch (thrown) {
      const message = 'requests cannot be signed for AWS: no credentials were found';
      const hint = 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE';
      const subject = 'MLFLOW_TRACKING_AWS_SIGV4';
      throw new Failure({ kind: 'unauthenticated', message, subject, hint }, thrown);
    }
  };
}

/** The keys as given, or from one chain that keeps them until they expire. */
function credentialsOf(options: SigV4Options): Provider {
  const { keys } = options;
  if (keys) return async () => keys;
  let provider: Promise<Provider> | undefined;
  return async () => (await (provider ??= chain(options)))();
}

/**
 * Signs for AWS API Gateway (Signature Version 4, service `execute-api`), as MLFLOW_TRACKING_AWS_SIGV4 asks. A body
 * whose bytes are not known beforehand is sent as UNSIGNED-PAYLOAD.
 * @throws Failure unauthenticated (no AWS credentials), misconfigured (no region)
 */
export function sigV4(options: SigV4Options, clock: Pick<Clock, 'now'>): Sign {
  const credentials = credentialsOf(options);
  return async ({ method, url, headers, body }) => {
    const { SignatureV4 } = await import('@smithy/signature-v4');
    const { Sha256 } = await import('@aws-crypto/sha256-js');
    const signer = new SignatureV4({
      service: SERVICE,
      region: regionOf(options, url),
      credentials: await credentials(),
      sha256: Sha256,
    });
    const unsigned = body === 'streamed' ? { 'x-amz-content-sha256': 'UNSIGNED-PAYLOAD' } : {};
    const signed = await signer.sign(
      {
        method,
        protocol: url.protocol,
        hostname: url.hostname,
        path: url.pathname,
        query: queryOf(url),
        headers: { ...headers, ...unsigned, host: url.host },
        ...(body instanceof Uint8Array ? { body } : {}),
      },
      { signingDate: new Date(clock.now()) },
    );
    const added = ['authorization', 'x-amz-date', 'x-amz-security-token', 'x-amz-content-sha256'];
    return Object.fromEntries(Object.entries(signed.headers).filter(([name]) => added.includes(name)));
  };
}
