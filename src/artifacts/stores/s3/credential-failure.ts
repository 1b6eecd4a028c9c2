import { Failure, type FailureFacts } from '../../../core/failure.ts';
import { redactUri } from '../../../core/redact.ts';
import type { Net } from '../../../net/net.ts';

const SETTINGS = ['s3.accessKeyId', 's3.secretAccessKey', 's3.profile', 's3.signatureVersion'];
const SUBJECT = 'AWS credentials';

/** What the AWS SDK's errors may carry; a service's refusal has metadata, a connection's has a system or TLS code. */
interface Told {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly path?: unknown;
  readonly hostname?: unknown;
  readonly address?: unknown;
  readonly port?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number; readonly requestId?: string };
}

function failure(facts: Omit<FailureFacts, 'subject' | 'settings'>, cause: unknown): Failure {
  return new Failure({ settings: SETTINGS, ...facts, subject: SUBJECT }, cause);
}

function hostOf({ hostname, address, port }: Told): string {
  if (typeof hostname === 'string') return hostname;
  if (typeof address === 'string') return `${address}:${String(port)}`;
  return 'the service that gives AWS credentials';
}

/** https://docs.aws.amazon.com/STS/latest/APIReference/CommonErrors.html and those of its AssumeRole operations. */
function refused(told: Told, status: number): Failure {
  const { requestId } = told.$metadata ?? {};
  const vendor = { code: told.name, status, ...(requestId === undefined ? {} : { requestId }) };
  const message = `no AWS credentials were given: ${redactUri(told.message)} (${told.name})`;
  if (status >= 500 || status === 429 || /^Throttl|^IDPCommunicationError$/.test(told.name)) {
    return failure({ kind: 'unavailable', message, retry: 'later', vendor }, told);
  }
  const denied = told.name === 'AccessDenied' || told.name === 'AccessDeniedException';
  const hint = denied
    ? 'check the role_arn, and that its trust policy allows who asks for it'
    : 'check the keys, the token and the role that the AWS profile or AWS_ROLE_ARN names; a token may have expired';
  return failure({ kind: denied ? 'denied' : 'unauthenticated', message, hint, vendor }, told);
}

function unreadable(told: Told, path: string): Failure {
  return failure(
    {
      kind: 'misconfigured',
      message: `the file ${path} with the token for AWS credentials cannot be read (${String(told.code)})`,
      hint: 'check AWS_WEB_IDENTITY_TOKEN_FILE, or web_identity_token_file of the AWS profile',
    },
    told,
  );
}

function nowhere(told: unknown, profile: string | undefined): Failure {
  const said = redactUri(told instanceof Error ? told.message : String(told));
  const places =
    profile === undefined
      ? 'AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, the AWS profile (also SSO and credential_process), ' +
        'web identity, container role, instance role'
      : `AWS profile ${profile} in ~/.aws/config and ~/.aws/credentials`;
  return failure(
    {
      kind: 'unauthenticated',
      message: `unable to find AWS credentials; looked at ${places} (${said})`,
      hint: 'set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE, or run aws sso login; for a public bucket set MLFLOW_EXPERIMENTAL_S3_SIGNATURE_VERSION=unsigned',
    },
    told,
  );
}

/** Why the AWS SDK's chain gave no credentials; nothing of the request that needed them was sent. */
export function credentialFailure(thrown: unknown, profile: string | undefined, net: Net): Failure {
  if (!(thrown instanceof Error)) return nowhere(thrown, profile);
  const told = thrown as Told;
  const status = told.$metadata?.httpStatusCode;
  if (status !== undefined) return refused(told, status);
  const { code, path } = told;
  if (typeof path === 'string' && typeof code === 'string') return unreadable(told, path);
  const slow = told.name === 'TimeoutError';
  if (!slow && typeof code !== 'string') return nowhere(thrown, profile);
  const error = slow ? Object.assign(new Error(told.message), { code: 'ETIMEDOUT' }) : thrown;
  return net.failure(error, { subject: SUBJECT, host: hostOf(told) });
}
