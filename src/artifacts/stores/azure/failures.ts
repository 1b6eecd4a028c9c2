import { asFailure, Failure, type FailureFacts } from '../../../core/failure.ts';
import { redactUri } from '../../../core/redact.ts';
import type { Answer } from './transport.ts';

/** What was asked, for messages. */
export interface Asked {
  /** Such as `read`, `store`, `list`. */
  readonly doing: string;
  /** Redacted URI. */
  readonly subject: string;
  readonly container: string;
  /** Host of the endpoint. */
  readonly host: string;
  /** The variable or class that says who asks. */
  readonly source: string;
  readonly settings: readonly string[];
}

type Told = Pick<FailureFacts, 'kind'> & Partial<FailureFacts> & { readonly reason: string };
type Story = (asked: Asked, answer: Answer) => Told;

/** What to look at, by what says who asks. */
const CHECKS: Readonly<Record<string, string>> = {
  AZURE_STORAGE_CONNECTION_STRING: 'check AccountName and AccountKey in AZURE_STORAGE_CONNECTION_STRING',
  AZURE_STORAGE_ACCESS_KEY: 'check AZURE_STORAGE_ACCESS_KEY, and that it is a key of the account in the URI',
  AZURE_STORAGE_SAS_TOKEN:
    'check AZURE_STORAGE_SAS_TOKEN: its expiry, its permissions (racwdl) and its account',
  DefaultAzureCredential:
    'check AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or run az login again',
};

const unauthenticated =
  (reason: string): Story =>
  ({ source, settings }) => ({
    kind: 'unauthenticated',
    reason: `${reason}; ${source} said who asks`,
    hint: CHECKS[source] ?? `check ${source}`,
    settings,
  });

const ROLE =
  'give the identity the role "Storage Blob Data Contributor" on the container or account; Reader and Contributor give no access to data';

const denied: Story = ({ source, settings }) => ({
  kind: 'denied',
  reason: `${source} may not do that`,
  hint: source === 'DefaultAzureCredential' ? ROLE : (CHECKS[source] ?? `check ${source}`),
  settings,
});

const network: Story = ({ host }) => ({
  kind: 'denied',
  reason: `the firewall of ${host} does not let this machine in`,
  hint: "allow this machine's network in the storage account's networking settings",
});

const noContainer: Story = ({ container, host }) => ({
  kind: 'not-found',
  reason: `container ${container} does not exist at ${host}`,
  hint: `create it (az storage container create --name ${container}), or check the URI`,
  settings: ['azure.blobEndpoint'],
});

const told =
  (kind: FailureFacts['kind'], reason: string, more: Partial<FailureFacts> = {}): Story =>
  () => ({ kind, reason, ...more });

const noBlob = told('not-found', 'there is no such blob');
const changed = told('changed', 'it is another one by now');
const exists = told('exists', 'it is there already');
const leased = told('conflict', 'somebody holds a lease on it', {
  hint: 'break the lease (az storage blob lease break)',
});
const immutable = told('denied', 'an immutability policy or legal hold protects it');
const corrupt = told('corrupt', 'the bytes that arrived do not match their digest', { retry: 'later' });
const full = told('no-space', 'the account has reached its capacity', {
  hint: 'free space or raise the limit',
});
const past = told('invalid', 'it ends before that byte');
const conflict = told('conflict', 'another request was changing it', { retry: 'later' });

const throttled: Story = ({ host }) => ({
  kind: 'throttled',
  reason: `${host} asks to slow down`,
  retry: 'later',
});

const unavailable: Story = ({ host }, { status }) => ({
  kind: 'unavailable',
  reason: `${host} answered ${status}`,
  retry: 'later',
  effect: 'unknown',
});

/** https://learn.microsoft.com/rest/api/storageservices/blob-service-error-codes and .../common-rest-api-error-codes */
const BY_CODE: Readonly<Record<string, Story>> = {
  BlobNotFound: noBlob,
  PathNotFound: noBlob,
  ResourceNotFound: noBlob,
  ContainerNotFound: noContainer,
  FilesystemNotFound: noContainer,
  ContainerBeingDeleted: noContainer,
  ContainerDisabled: noContainer,
  AuthenticationFailed: unauthenticated('the credentials were not accepted'),
  InvalidAuthenticationInfo: unauthenticated('the credentials were not accepted'),
  NoAuthenticationInformation: unauthenticated('no credentials arrived'),
  KeyBasedAuthenticationNotPermitted: unauthenticated('the account takes no account keys'),
  AccountIsDisabled: unauthenticated('the account is disabled'),
  // Azurite says this of a wrong key, Azure of a closed network (below) and of rights that lack.
  AuthorizationFailure: denied,
  AuthorizationPermissionMismatch: denied,
  AuthorizationResourceTypeMismatch: denied,
  AuthorizationServiceMismatch: denied,
  AuthorizationProtocolMismatch: denied,
  AuthorizationSourceIPMismatch: network,
  InsufficientAccountPermissions: denied,
  PublicAccessNotPermitted: denied,
  BlobAlreadyExists: exists,
  PathAlreadyExists: exists,
  UnauthorizedBlobOverwrite: denied,
  ConditionNotMet: changed,
  TargetConditionNotMet: changed,
  LeaseIdMissing: leased,
  LeaseIdMismatchWithBlobOperation: leased,
  LeaseAlreadyPresent: leased,
  SnapshotsPresent: told('conflict', 'it has snapshots'),
  DirectoryIsNotEmpty: told('conflict', 'it is not empty'),
  BlobImmutableDueToPolicy: immutable,
  BlobImmutableDueToLegalHold: immutable,
  BlobArchived: told('unavailable', 'it is archived', {
    hint: 'bring it back first (az storage blob set-tier --tier Hot)',
  }),
  BlobBeingRehydrated: told('unavailable', 'it is being brought back from the archive', {
    hint: 'wait until that is done',
  }),
  Md5Mismatch: corrupt,
  Crc64Mismatch: corrupt,
  InvalidMd5: corrupt,
  // Azurite's answer to a digest that does not match.
  InvalidOperation: corrupt,
  InvalidBlobOrBlock: told(
    'conflict',
    'an unfinished upload of another program left blocks of another kind under its name',
    {
      hint: 'store a small file under that name first, which drops them, or wait a week, after which they expire',
    },
  ),
  InvalidBlockId: told(
    'conflict',
    'an unfinished upload of another program left blocks of another kind under its name',
    {
      hint: 'store a small file under that name first, which drops them, or wait a week, after which they expire',
    },
  ),
  InvalidBlockList: told('not-found', 'parts of this upload are gone'),
  InvalidBlobType: told('wrong-kind', 'it is a page or append blob', { hint: 'remove it first' }),
  InvalidRange: past,
  RequestBodyTooLarge: told('too-large', 'it is larger than the service takes'),
  BlockCountExceedsLimit: told('too-large', 'it has more parts than the service takes'),
  AccountLimitExceeded: full,
  InvalidResourceName: told('invalid', 'the service refuses this name'),
  OutOfRangeInput: told('invalid', 'the service refuses this name'),
  InvalidUri: told('invalid', 'the service refuses this name'),
  ServerBusy: throttled,
  TooManyRequests: throttled,
  OperationTimedOut: unavailable,
  InternalError: unavailable,
  FeatureNotYetSupportedForHierarchicalNamespaceAccounts: told(
    'unsupported',
    'the account does not support it',
  ),
};

const BY_STATUS: Readonly<Record<number, Story>> = {
  401: unauthenticated('the credentials were not accepted'),
  403: denied,
  404: told('not-found', 'there is nothing there'),
  409: conflict,
  412: changed,
  416: past,
  429: throttled,
  503: throttled,
  507: full,
};

function storyOf(asked: Asked, answer: Answer, code: string): Told {
  const story = Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : BY_STATUS[answer.status];
  if (story) return story(asked, answer);
  if (answer.status >= 500) return unavailable(asked, answer);
  return { kind: 'invalid', reason: `${asked.host} answered ${answer.status}` };
}

/** `retry-after` is in seconds, `x-ms-retry-after-ms` in ms. */
function retryAfter({ headers }: Answer): number | undefined {
  const [ms, seconds] = [headers['x-ms-retry-after-ms'], headers['retry-after']];
  if (ms !== undefined && /^\d{1,9}$/.test(ms)) return Number(ms);
  return seconds !== undefined && /^\d{1,6}$/.test(seconds) ? Number(seconds) * 1000 : undefined;
}

function refusal(asked: Asked, answer: Answer, thrown: unknown): Failure {
  const code = answer.headers['x-ms-error-code'] ?? '';
  const { reason, ...facts } = storyOf(asked, answer, code);
  const requestId = answer.headers['x-ms-request-id'];
  const retryAfterMs = retryAfter(answer);
  const shown = code === '' ? String(answer.status) : code;
  return new Failure(
    {
      ...facts,
      message: redactUri(`cannot ${asked.doing} ${asked.subject}: ${reason} (${shown})`),
      subject: asked.subject,
      ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
      vendor: {
        status: answer.status,
        ...(code === '' ? {} : { code }),
        ...(requestId === undefined ? {} : { requestId }),
      },
    },
    thrown,
  );
}

/** Whatever the SDK threw, by the service's code and else by its status; what it could not read is `corrupt`. */
export function callFailure(asked: Asked, answer: Answer | undefined, thrown: unknown): Failure {
  const stopped = thrown instanceof Error && thrown.name === 'AbortError';
  if (answer === undefined || stopped) return asFailure(thrown, asked.subject);
  if (answer.status >= 300) return refusal(asked, answer, thrown);
  const message = `the answer about ${asked.subject} is not what Azure Blob Storage speaks`;
  return new Failure({ kind: 'corrupt', message, subject: asked.subject, effect: 'unknown' }, thrown);
}

/** The service's code of a thrown value, when it is a Failure that has one. */
export function codeOf(thrown: unknown): string | undefined {
  return thrown instanceof Failure ? thrown.facts.vendor?.code : undefined;
}

/** The HTTP status of a thrown value, when it is a Failure that has one. */
export function statusOf(thrown: unknown): number | undefined {
  return thrown instanceof Failure ? thrown.facts.vendor?.status : undefined;
}

/** Whether a call failed because there is no such blob, its container being there. */
export function isNoBlob(thrown: unknown): boolean {
  return (
    statusOf(thrown) === 404 &&
    codeOf(thrown) !== 'ContainerNotFound' &&
    codeOf(thrown) !== 'FilesystemNotFound'
  );
}
