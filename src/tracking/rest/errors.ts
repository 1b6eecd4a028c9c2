import { Failure, type FailureFacts, type FailureKind } from '../../core/failure.ts';
import { errorSentence, isHtml } from './error-text.ts';

/** An answer that is not the one hoped for. */
export interface ErrorAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Where the answer came from, after redirects. */
  readonly url: URL;
  readonly body: string;
}

/** What the call was about. */
export interface ErrorContext {
  readonly subject: string;
  /** Origin of the tracking server. */
  readonly origin: string;
  /** What a server lacks that does not know this endpoint, as `logged models`. */
  readonly feature?: string;
  /** Ms since the epoch. */
  readonly now: number;
}

/** MLflow's error codes (mlflow/exceptions.py and mlflow/protos/databricks.proto). */
const KIND_OF_CODE: Readonly<Record<string, FailureKind>> = {
  BAD_REQUEST: 'invalid',
  MALFORMED_REQUEST: 'invalid',
  INVALID_PARAMETER_VALUE: 'invalid',
  RESOURCE_ALREADY_EXISTS: 'exists',
  ALREADY_EXISTS: 'exists',
  RESOURCE_DOES_NOT_EXIST: 'not-found',
  NOT_FOUND: 'not-found',
  PERMISSION_DENIED: 'denied',
  UNAUTHENTICATED: 'unauthenticated',
  CUSTOMER_UNAUTHORIZED: 'unauthenticated',
  INVALID_STATE: 'conflict',
  ABORTED: 'conflict',
  RESOURCE_CONFLICT: 'conflict',
  FEATURE_DISABLED: 'unsupported',
  NOT_IMPLEMENTED: 'unsupported',
  REQUEST_LIMIT_EXCEEDED: 'throttled',
  RESOURCE_EXHAUSTED: 'throttled',
  TEMPORARILY_UNAVAILABLE: 'unavailable',
  INTERNAL_ERROR: 'unavailable',
  CANCELLED: 'unavailable',
  DEADLINE_EXCEEDED: 'timeout',
  DATA_LOSS: 'corrupt',
};

const KIND_OF_STATUS: Readonly<Record<number, FailureKind>> = {
  401: 'unauthenticated',
  403: 'denied',
  404: 'misconfigured',
  405: 'misconfigured',
  407: 'misconfigured',
  408: 'timeout',
  409: 'conflict',
  413: 'too-large',
  429: 'throttled',
  501: 'unsupported',
  504: 'timeout',
};

const TRANSIENT = new Set([408, 429, 500, 502, 503, 504]);
const REPEATED_KINDS: readonly FailureKind[] = ['throttled', 'unavailable', 'timeout'];

interface ServerError {
  readonly code?: string;
  readonly text: string;
}

/** MLflow's `{error_code, message}`, FastAPI's `{detail}`, API Gateway's `{message}`, a web page or a line of text. */
function serverError(body: string): ServerError {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return { text: errorSentence(body) };
  }
  if (typeof parsed !== 'object' || parsed === null) return { text: errorSentence(body) };
  const { error_code: code, message, detail } = parsed as Record<string, unknown>;
  const said = typeof message === 'string' ? message : typeof detail === 'string' ? detail : '';
  return { ...(typeof code === 'string' ? { code } : {}), text: errorSentence(said) };
}

function kindOf(status: number, code: string | undefined): FailureKind {
  const byCode = code === undefined ? undefined : KIND_OF_CODE[code];
  if (byCode) return byCode;
  return KIND_OF_STATUS[status] ?? (status >= 500 ? 'unavailable' : 'invalid');
}

/** Retry-After in ms: seconds or a date (RFC 9110 section 10.2.3). */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined || header.trim() === '') return undefined;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

type Told = Pick<FailureFacts, 'kind' | 'message'> & { readonly hint?: string };

function lackedEndpoint(answer: ErrorAnswer, context: ErrorContext): Told {
  const at = `${answer.url.origin}${answer.url.pathname}`;
  if (context.feature !== undefined) {
    return {
      kind: 'unsupported',
      message: `this server has no ${context.feature}`,
      hint: 'a newer MLflow server has them; if this one should, check the path in MLFLOW_TRACKING_URI',
    };
  }
  return {
    kind: 'misconfigured',
    message: `there is no MLflow tracking API at ${at}`,
    hint: 'check the path in MLFLOW_TRACKING_URI, such as a missing --static-prefix or proxy path',
  };
}

function hintFor(kind: FailureKind, answer: ErrorAnswer, { text, code }: ServerError, context: ErrorContext) {
  if (/^invalid host header/i.test(text)) {
    return `start the server with --allowed-hosts ${context.origin.replace(/^https?:\/\//, '')}`;
  }
  if (code === 'FEATURE_DISABLED' && /workspace/i.test(text)) {
    return 'unset MLFLOW_WORKSPACE, or start the server with --enable-workspaces';
  }
  if (kind !== 'unauthenticated' && kind !== 'denied') return undefined;
  if (answer.url.origin !== context.origin) {
    return `${answer.url.origin}, to which the server redirects, gets no credentials: set MLFLOW_TRACKING_URI to it`;
  }
  return kind === 'denied'
    ? undefined
    : 'set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN';
}

function told(answer: ErrorAnswer, error: ServerError, context: ErrorContext): Told {
  const { status } = answer;
  const unknownPlace = (status === 404 || status === 405) && error.code === undefined;
  if (unknownPlace || error.code === 'ENDPOINT_NOT_FOUND') return lackedEndpoint(answer, context);
  const kind = kindOf(status, error.code);
  const hint = hintFor(kind, answer, error, context);
  const message = error.text === '' ? `the tracking server answered ${status}` : error.text;
  return { kind, message, ...(hint === undefined ? {} : { hint }) };
}

function redirected(answer: ErrorAnswer, location: string): Told {
  const to = new URL(location, answer.url);
  if (to.pathname === answer.url.pathname) {
    return {
      kind: 'misconfigured',
      message: `the tracking server redirects to ${to.origin}`,
      hint: `set MLFLOW_TRACKING_URI to ${to.origin}`,
    };
  }
  return {
    kind: 'unauthenticated',
    message: `the tracking server redirects to ${to.origin}${to.pathname}, probably to log in`,
    hint: 'set MLFLOW_TRACKING_TOKEN to a token that the proxy in front accepts, or correct MLFLOW_TRACKING_URI',
  };
}

/** An answer other than 2xx as a Failure, by MLflow's error code and else by the status. */
export function answerFailure(answer: ErrorAnswer, context: ErrorContext): Failure {
  const { status, headers } = answer;
  const error = serverError(answer.body);
  const location = headers['location'];
  const away = status < 400 && location !== undefined && URL.canParse(location, answer.url.href);
  const story = away ? redirected(answer, location) : told(answer, error, context);
  const wait = retryAfterMs(headers['retry-after'], context.now);
  const requestId = headers['x-request-id'];
  return new Failure({
    ...story,
    subject: context.subject,
    retry: TRANSIENT.has(status) && REPEATED_KINDS.includes(story.kind) ? 'later' : 'never',
    effect: status >= 500 && !['unsupported', 'conflict'].includes(story.kind) ? 'unknown' : 'none',
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
    vendor: {
      status,
      ...(error.code === undefined ? {} : { code: error.code }),
      ...(requestId === undefined ? {} : { requestId }),
    },
  });
}

/** A 200 that is not a JSON object: a login page, or something that is no MLflow server. */
export function strangeAnswer(answer: ErrorAnswer, context: ErrorContext): Failure {
  const { subject } = context;
  const vendor = { status: answer.status };
  const said = errorSentence(answer.body);
  if (!isHtml(answer.body)) {
    const message = `the tracking server answered with something that is not JSON: ${said}`;
    return new Failure({ kind: 'corrupt', message, subject, vendor, hint: 'check MLFLOW_TRACKING_URI' });
  }
  return new Failure({
    kind: 'unauthenticated',
    message: `${answer.url.host} answered with a web page (${said}) instead of JSON, probably to log in`,
    subject,
    hint: 'set MLFLOW_TRACKING_TOKEN to a token that the proxy in front accepts, or correct MLFLOW_TRACKING_URI',
    vendor,
  });
}
