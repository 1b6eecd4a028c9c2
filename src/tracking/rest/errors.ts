import { Failure, type FailureFacts, type FailureKind } from '../../core/failure.ts';
import { failureOfAnswer, isHtml, readServerError, type ServerError } from '../../net/mlflow-errors.ts';

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

/** MLflow's own messages stand for themselves; what a proxy or a web page says needs to be told whose words it is. */
function sentenceOf({ url, status }: ErrorAnswer, { code, text }: ServerError): string {
  if (code !== undefined && text !== '') return text;
  const said = text === '' ? '' : `: ${text}`;
  return `the tracking server ${url.host} answered ${status}${said}`;
}

/** What the shared mapping says, put in the words of the tracking API. */
function told(answer: ErrorAnswer, plain: Failure, context: ErrorContext): Told {
  const error = readServerError(answer.body);
  const unknownPlace = (answer.status === 404 || answer.status === 405) && error.code === undefined;
  if (unknownPlace || error.code === 'ENDPOINT_NOT_FOUND') return lackedEndpoint(answer, context);
  const hint = hintFor(plain.kind, answer, error, context);
  return { kind: plain.kind, message: sentenceOf(answer, error), ...(hint === undefined ? {} : { hint }) };
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
  const location = answer.headers['location'];
  const away = answer.status < 400 && location !== undefined && URL.canParse(location, answer.url.href);
  const plain = failureOfAnswer(answer, context.subject, context.now);
  const story = away ? redirected(answer, location) : told(answer, plain, context);
  const settled = story.kind === plain.kind ? {} : { retry: 'never' as const };
  return new Failure({ ...plain.facts, ...settled, ...story });
}

/** A 200 that is not a JSON object: a login page, or something that is no MLflow server. */
export function strangeAnswer(answer: ErrorAnswer, context: ErrorContext): Failure {
  const { subject } = context;
  const vendor = { status: answer.status };
  const said = readServerError(answer.body).text;
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
