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
  readonly anonymous: boolean;
}

type Told = Pick<FailureFacts, 'kind'> & Partial<FailureFacts> & { readonly reason: string };
type Story = (asked: Asked, refusal: Refusal) => Told;

const CREDENTIALS = ['gcs.credentialsFile', 'gcs.anonymous'];

const unauthenticated: Story = ({ anonymous }) => ({
  kind: 'unauthenticated',
  reason: anonymous ? 'the service wants to know who asks' : 'the credentials were not accepted',
  hint: anonymous
    ? 'set gcs.anonymous to false and provide application-default credentials'
    : 'run gcloud auth application-default login, or check GOOGLE_APPLICATION_CREDENTIALS',
  settings: CREDENTIALS,
});

const denied: Story = ({ bucket }) => ({
  kind: 'denied',
  reason: 'these credentials may not do that',
  hint: `grant the role Storage Object User on bucket ${bucket}`,
  settings: CREDENTIALS,
});

const gone: Story = () => ({ kind: 'not-found', reason: 'there is nothing there' });

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

const conflict: Story = () => ({
  kind: 'conflict',
  reason: 'another request was changing it',
  retry: 'later',
});

const retained: Story = () => ({
  kind: 'refused',
  reason: 'a retention policy or a hold keeps it',
  hint: 'wait until the retention ends, or release the hold',
});

const requesterPays: Story = ({ bucket }) => ({
  kind: 'unsupported',
  reason: `whoever asks has to pay for bucket ${bucket}, which mlstow does not do`,
  hint: 'use a bucket without "requester pays"',
});

const redirected: Story = ({ host }, { location }) => ({
  kind: 'misconfigured',
  reason: `${host} redirects to ${location ?? 'elsewhere'}, where the credentials must not go`,
  hint: 'set gcs.apiEndpoint to the address that answers itself',
  settings: ['gcs.apiEndpoint'],
});

/** Reasons of https://cloud.google.com/storage/docs/json_api/v1/status-codes that say more than the status. */
const BY_REASON: Readonly<Record<string, Story>> = {
  rateLimitExceeded: throttled,
  userRateLimitExceeded: throttled,
  quotaExceeded: throttled,
  usageLimits: throttled,
  userProjectMissing: requesterPays,
  retentionPolicyNotMet: retained,
  objectUnderActiveHold: retained,
};

const BY_STATUS: Readonly<Record<number, Story>> = {
  401: unauthenticated,
  403: denied,
  404: gone,
  405: ({ host }) => ({ kind: 'unsupported', reason: `${host} does not support it` }),
  408: unavailable,
  409: conflict,
  410: gone,
  412: () => ({ kind: 'changed', reason: 'it is another one by now' }),
  413: () => ({ kind: 'too-large', reason: 'it is larger than the service takes' }),
  416: () => ({ kind: 'invalid', reason: 'it ends before that byte' }),
  429: throttled,
  501: ({ host }) => ({ kind: 'unsupported', reason: `${host} does not support it` }),
  507: ({ host }) => ({ kind: 'no-space', reason: `${host} has no room left` }),
};

const unknown: Story = ({ host }, { status, message }) => ({
  kind: 'invalid',
  reason: `${host} answered ${status}${message === '' ? '' : `: ${message}`}`,
});

/** As Google words it, for all digests: `Provided CRC32C "…" doesn't match calculated CRC32C "…".` */
const MISMATCH = /^Provided .* doesn't match calculated /;

const corrupt: Story = () => ({
  kind: 'corrupt',
  reason: 'the bytes that arrived do not match their digest',
  retry: 'later',
});

function storyOf({ reason, status, message }: Refusal): Story {
  const byReason = Object.hasOwn(BY_REASON, reason) ? BY_REASON[reason] : undefined;
  if (byReason) return byReason;
  if (status === 400 && MISMATCH.test(message)) return corrupt;
  if (status >= 300 && status < 400) return redirected;
  return BY_STATUS[status] ?? (status >= 500 ? unavailable : unknown);
}

/** A refusal of the service as a Failure, by its reason and else by its status. */
export function refusalFailure(asked: Asked, refusal: Refusal): Failure {
  const { reason, ...facts } = storyOf(refusal)(asked, refusal);
  const code = refusal.reason === '' ? String(refusal.status) : refusal.reason;
  return new Failure({
    ...facts,
    message: redactUri(`cannot ${asked.doing} ${asked.subject}: ${reason} (${code})`),
    subject: asked.subject,
    ...(refusal.retryAfterMs === undefined ? {} : { retryAfterMs: refusal.retryAfterMs }),
    vendor: {
      status: refusal.status,
      ...(refusal.reason === '' ? {} : { code: refusal.reason }),
      ...(refusal.requestId === undefined ? {} : { requestId: refusal.requestId }),
    },
  });
}

/** The HTTP status of a thrown value, when it is a Failure that has one. */
export function statusOf(thrown: unknown): number | undefined {
  return thrown instanceof Failure ? thrown.facts.vendor?.status : undefined;
}
