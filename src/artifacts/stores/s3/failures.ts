import { Failure, type FailureFacts } from '../../../core/failure.ts';
import { redactUri } from '../../../core/redact.ts';
import type { Refusal } from './refusal.ts';

/** What was asked, for messages. */
export interface Asked {
  /** Such as `read`, `store`, `list`. */
  readonly doing: string;
  /** Redacted URI. */
  readonly subject: string;
  readonly bucket: string;
  /** Host of the endpoint. */
  readonly host: string;
  /** What a policy must allow for it, such as `s3:PutObject`. */
  readonly action: string;
}

type Told = Pick<FailureFacts, 'kind'> & Partial<FailureFacts> & { readonly reason: string };
type Story = (asked: Asked, refusal: Refusal) => Told;

const CREDENTIALS = ['s3.accessKeyId', 's3.secretAccessKey', 's3.sessionToken', 's3.profile'];
const KEYS_HINT = 'check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or AWS_PROFILE';

const unauthenticated =
  (reason: string, hint = KEYS_HINT): Story =>
  () => ({ kind: 'unauthenticated', reason, hint, settings: CREDENTIALS });

const stale =
  (reason: string): Story =>
  () => ({
    kind: 'unauthenticated',
    reason,
    hint: 'obtain new ones (aws sso login, or assume the role again) and set AWS_SESSION_TOKEN with its keys',
    retry: 'reauthenticate',
    settings: CREDENTIALS,
  });

const expired = stale('the temporary credentials have expired');
const badToken = stale('the session token is not the one of these temporary credentials, or has expired');

function resourceOf({ action, bucket }: Asked): string {
  return `arn:aws:s3:::${bucket}${/Bucket|Lifecycle/.test(action) ? '' : '/*'}`;
}

const denied: Story = (asked, { message }) => ({
  kind: 'denied',
  reason: `these credentials may not do that: ${asked.action} is denied in bucket ${asked.bucket}${saidOf(message)}`,
  hint:
    `allow ${asked.action} on ${resourceOf(asked)} in the policy of the user or role, or of the bucket, and look for a Deny there` +
    (asked.action === 's3:GetObject' ? '; without s3:ListBucket, what is absent is denied too' : ''),
  settings: CREDENTIALS,
});

/** A server's own words, where they say more than that it denies. */
function saidOf(message: string): string {
  return /^(Access ?Denied\.?)?$/i.test(message) ? '' : `; the server says "${message}"`;
}

const noBucket: Story = (asked) => ({
  kind: 'not-found',
  reason: `bucket ${asked.bucket} does not exist at ${asked.host}`,
  hint: 'create the bucket, or check its name and MLFLOW_S3_ENDPOINT_URL',
  settings: ['s3.endpointUrl'],
});

const gone =
  (reason: string): Story =>
  () => ({ kind: 'not-found', reason });

const throttled: Story = (asked) => ({
  kind: 'throttled',
  reason: `${asked.host} asks to slow down`,
  retry: 'later',
});

const unavailable: Story = (asked, { status }) => ({
  kind: 'unavailable',
  reason: `${asked.host} answered ${status}`,
  retry: 'later',
  effect: 'unknown',
});

const corrupt: Story = () => ({
  kind: 'corrupt',
  reason: 'the bytes that arrived do not match their digest',
  retry: 'later',
});

const full: Story = (asked) => ({
  kind: 'no-space',
  reason: `${asked.host} has no room left`,
  hint: 'free space or raise the quota',
});

const wrongRegion: Story = (asked, { region }) => ({
  kind: 'misconfigured',
  reason: `bucket ${asked.bucket} is in ${region === undefined ? 'another region' : `region ${region}`}`,
  hint: region === undefined ? "set AWS_REGION to the bucket's region" : `set AWS_REGION=${region}`,
  settings: ['s3.region', 's3.endpointUrl'],
});

const skewed: Story = (asked, { date }) => ({
  kind: 'unauthenticated',
  reason: `this machine's clock differs too much from that of ${asked.host}${date ? `, which says ${date}` : ''}`,
  hint: 'set the clock (timedatectl set-ntp true)',
});

const badName: Story = (_, { message }) => ({
  kind: 'invalid',
  reason: message || 'the server refuses this name',
});

const badKms: Story = (_, { message }) => ({
  kind: 'misconfigured',
  reason: message || 'the encryption key cannot be used',
  hint: 'check SSEKMSKeyId in MLFLOW_S3_UPLOAD_EXTRA_ARGS and the key policy',
  settings: ['s3.uploadExtraArgs'],
});

const unsupported: Story = (asked) => ({ kind: 'unsupported', reason: `${asked.host} does not support it` });
const conflict: Story = () => ({
  kind: 'conflict',
  reason: 'another request was changing it',
  retry: 'later',
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html, and additions of MinIO and versitygw. */
const BY_CODE: Readonly<Record<string, Story>> = {
  NoSuchBucket: noBucket,
  NoSuchKey: gone('there is no such object'),
  NoSuchVersion: gone('there is no such version'),
  NoSuchUpload: gone('there is no such upload under way'),
  AccessDenied: denied,
  AllAccessDisabled: denied,
  AccountProblem: denied,
  InvalidAccessKeyId: unauthenticated('the access key is unknown'),
  XAdminUserNotFound: unauthenticated('the access key is unknown'),
  InvalidClientTokenId: unauthenticated('the access key is unknown'),
  SignatureDoesNotMatch: unauthenticated('the secret key does not belong to the access key'),
  InvalidSecurity: unauthenticated('the credentials are not valid'),
  NotSignedUp: unauthenticated('the account is not signed up for S3'),
  InvalidToken: badToken,
  InvalidTokenId: badToken,
  ExpiredToken: expired,
  TokenRefreshRequired: expired,
  RequestTimeTooSkewed: skewed,
  RequestExpired: skewed,
  SlowDown: throttled,
  SlowDownRead: throttled,
  SlowDownWrite: throttled,
  Throttling: throttled,
  ThrottlingException: throttled,
  TooManyRequests: throttled,
  RequestLimitExceeded: throttled,
  BandwidthLimitExceeded: throttled,
  ServiceUnavailable: throttled,
  InternalError: unavailable,
  RequestTimeout: (asked) => ({
    kind: 'timeout',
    reason: `${asked.host} waited too long for bytes`,
    retry: 'later',
  }),
  OperationAborted: conflict,
  ConditionalRequestConflict: conflict,
  PreconditionFailed: () => ({ kind: 'changed', reason: 'it is another one by now' }),
  BadDigest: corrupt,
  InvalidDigest: () => ({ kind: 'corrupt', reason: 'the digest that came with the bytes is none' }),
  XAmzContentSHA256Mismatch: corrupt,
  XAmzContentChecksumMismatch: corrupt,
  EntityTooLarge: () => ({ kind: 'too-large', reason: 'it is larger than the server takes' }),
  QuotaExceeded: full,
  InsufficientStorage: full,
  XMinioStorageFull: full,
  XMinioAdminBucketQuotaExceeded: full,
  KeyTooLongError: badName,
  InvalidURI: badName,
  InvalidObjectName: badName,
  XMinioInvalidObjectName: badName,
  InvalidBucketName: (asked) => ({ kind: 'misconfigured', reason: `${asked.bucket} is not a bucket name` }),
  InvalidObjectState: () => ({
    kind: 'unavailable',
    reason: 'it is archived',
    hint: 'restore it from the archive first (aws s3api restore-object)',
  }),
  InvalidRange: () => ({ kind: 'invalid', reason: 'it ends before that byte' }),
  PermanentRedirect: wrongRegion,
  TemporaryRedirect: wrongRegion,
  AuthorizationHeaderMalformed: wrongRegion,
  IllegalLocationConstraintException: wrongRegion,
  NotImplemented: unsupported,
  MethodNotAllowed: unsupported,
};

function redirect(asked: Asked, refusal: Refusal): Told {
  if (refusal.region !== undefined) return wrongRegion(asked, refusal);
  const to =
    refusal.location !== undefined && URL.canParse(refusal.location)
      ? new URL(refusal.location).origin
      : 'elsewhere';
  return {
    kind: 'misconfigured',
    reason: `${asked.host} redirects to ${to}, where the credentials must not go`,
    hint: 'set MLFLOW_S3_ENDPOINT_URL to the address that answers itself',
    settings: ['s3.endpointUrl'],
  };
}

const BY_STATUS: Readonly<Record<number, Story>> = {
  401: unauthenticated('the credentials were not accepted'),
  403: denied,
  404: gone('there is nothing there'),
  405: unsupported,
  408: unavailable,
  409: conflict,
  412: BY_CODE['PreconditionFailed'] as Story,
  416: BY_CODE['InvalidRange'] as Story,
  429: throttled,
  501: unsupported,
  503: throttled,
  507: full,
};

function unknown(asked: Asked, refusal: Refusal): Told {
  const said = refusal.message === '' ? '' : `: ${refusal.message}`;
  return { kind: 'invalid', reason: `${asked.host} answered ${refusal.status}${said}` };
}

function storyOf(asked: Asked, refusal: Refusal): Told {
  const { code, status } = refusal;
  const byCode = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined;
  if (byCode) return byCode(asked, refusal);
  if (/^(KMS\.|kms:)/.test(code)) return badKms(asked, refusal);
  if (status >= 300 && status < 400) return redirect(asked, refusal);
  // A code of its own on a 400 says more than the status does.
  if (status === 400 && code !== '') return unknown(asked, refusal);
  const story = BY_STATUS[status] ?? (status >= 500 ? unavailable : unknown);
  return story(asked, refusal);
}

/** A server's refusal as a Failure, by its code and else by its status. */
export function refusalFailure(asked: Asked, refusal: Refusal): Failure {
  const { reason, ...facts } = storyOf(asked, refusal);
  const code = refusal.code === '' ? String(refusal.status) : refusal.code;
  return new Failure({
    ...facts,
    message: redactUri(`cannot ${asked.doing} ${asked.subject}: ${reason} (${code})`),
    subject: asked.subject,
    ...(refusal.retryAfterMs === undefined ? {} : { retryAfterMs: refusal.retryAfterMs }),
    vendor: {
      status: refusal.status,
      ...(refusal.code === '' ? {} : { code: refusal.code }),
      ...(refusal.requestId === undefined ? {} : { requestId: refusal.requestId }),
    },
  });
}

/** The vendor's code of a thrown value, when it is a Failure that has one. */
export function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Failure ? thrown.facts.vendor?.code : undefined;
}

/** The HTTP status of a thrown value, when it is a Failure that has one. */
export function statusOf(thrown: unknown): number | undefined {
  return thrown instanceof Failure ? thrown.facts.vendor?.status : undefined;
}

/** Whether a server refuses headers that it does not know: Cloudflare R2 answers 501, Backblaze B2 400. */
export function refusesHeaders(thrown: unknown): boolean {
  if (!(thrown instanceof Failure)) return false;
  return thrown.kind === 'unsupported' || (thrown.kind === 'invalid' && statusOf(thrown) === 400);
}
