import { Failure, type FailureFacts } from '../../../core/failure.ts';
import { failureOfAnswer, isHtml, readServerError, type ServerError } from '../../../net/mlflow-errors.ts';

/** What was asked, for messages. */
export interface Asked {
  /** Such as `read`, `store`, `list`. */
  readonly doing: string;
  /** Redacted URI. */
  readonly subject: string;
}

/** An answer as failures are made of it. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Where it came from, after redirects. */
  readonly url: URL;
  readonly body: string;
}

/** Whose credentials go where. */
export interface Grants {
  /** Hosts (`name:port`) that get credentials. */
  readonly hosts: readonly string[];
  /** Ms since the epoch. */
  readonly now: number;
}

type Told = Partial<FailureFacts> & { readonly reason?: string };

const CREDENTIALS = ['tracking.username', 'tracking.password', 'tracking.token'];
const SLOW_PROXY =
  'raise its time-outs: nginx `proxy_read_timeout 3600s; proxy_send_timeout 3600s; proxy_request_buffering off;`, ' +
  'Kubernetes ingress `nginx.ingress.kubernetes.io/proxy-read-timeout: "3600"`, AWS load balancer `idle_timeout`';

function tooLarge({ url }: Answer): Told {
  return {
    reason: `a proxy in front of ${url.host} refuses a body of this size (413)`,
    hint: 'raise its limit: nginx `client_max_body_size 0;`, Kubernetes ingress `nginx.ingress.kubernetes.io/proxy-body-size: "0"`',
  };
}

function badGateway({ url }: Answer): Told {
  return {
    reason: `a proxy in front of ${url.host} lost its connection to the server (502)`,
    hint: `look in the server's log for a worker that was killed (\`--gunicorn-opts "--timeout 3600"\`, more memory); if a slow transfer was cut, ${SLOW_PROXY}`,
  };
}

function gatewayTimeout({ url }: Answer): Told {
  return {
    reason: `a proxy in front of ${url.host} gave up waiting for the server (504)`,
    hint: SLOW_PROXY,
  };
}

/** FastAPI answers `detail` only when serving is off; MLflow's other routes name the flag that does it. */
function unavailable({ url }: Answer, { detail, text }: ServerError): Told {
  if (detail === undefined && !text.includes('--no-serve-artifacts')) return {};
  return {
    kind: 'unsupported',
    reason: `the MLflow server ${url.host} does not serve artifacts`,
    retry: 'never',
    effect: 'none',
    hint: 'start it with --serve-artifacts and --artifacts-destination',
  };
}

function unauthenticated({ url }: Answer, { hosts }: Grants): Told {
  if (granted(url, hosts)) {
    return {
      hint: 'set MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD, or MLFLOW_TRACKING_TOKEN',
      settings: CREDENTIALS,
    };
  }
  return {
    hint: `${url.host} is not the tracking server, so it gets no credentials; if it is yours, pass --trust-artifact-host ${url.host}`,
    settings: ['artifacts.trustedHosts'],
  };
}

function granted({ host, hostname }: URL, hosts: readonly string[]): boolean {
  return hosts.includes(host) || hosts.includes(hostname);
}

function denied(answer: Answer, error: ServerError, grants: Grants): Told {
  if (error.fields['artifacts_presigned_only'] === true) {
    return {
      kind: 'unsupported',
      hint: "start the server without its presigned-only mode, or reach its store with the store's own URI",
    };
  }
  // The text picks the hint alone: this answer has no code.
  if (/^invalid host header/i.test(error.text)) {
    return {
      reason: `the server does not answer to the name ${answer.url.host} (Invalid Host header)`,
      hint: `start the server with --allowed-hosts ${answer.url.host}, or set MLFLOW_SERVER_ALLOWED_HOSTS there`,
    };
  }
  return granted(answer.url, grants.hosts) ? {} : unauthenticated(answer, grants);
}

function noService({ url }: Answer, { code }: ServerError): Told {
  if (code !== undefined && code !== 'ENDPOINT_NOT_FOUND') return {};
  return {
    reason: `there is no MLflow artifact service at ${url.origin}${url.pathname}`,
    hint: 'check the path in MLFLOW_TRACKING_URI, such as a missing --static-prefix or proxy path',
    settings: ['tracking.uri'],
  };
}

function redirected({ url, headers }: Answer): Told {
  const { location } = headers;
  if (location === undefined || !URL.canParse(location, url.href)) return {};
  const to = new URL(location, url);
  const elsewhere = to.pathname === url.pathname;
  return {
    kind: elsewhere ? 'misconfigured' : 'unauthenticated',
    reason: `${url.host} redirects to ${to.origin}${elsewhere ? '' : `${to.pathname}, probably to log in`}`,
    hint: elsewhere
      ? `set MLFLOW_TRACKING_URI to ${to.origin}`
      : 'set MLFLOW_TRACKING_TOKEN to a token that the proxy in front accepts, or correct MLFLOW_TRACKING_URI',
    settings: ['tracking.uri'],
  };
}

function told(answer: Answer, error: ServerError, grants: Grants): Told {
  if (answer.status < 400) return redirected(answer);
  switch (answer.status) {
    case 401:
      return unauthenticated(answer, grants);
    case 403:
      return denied(answer, error, grants);
    case 404:
    case 405:
      return noService(answer, error);
    case 413:
      return tooLarge(answer);
    case 502:
      return badGateway(answer);
    case 503:
      return unavailable(answer, error);
    case 504:
      return gatewayTimeout(answer);
    default:
      return {};
  }
}

/** An answer other than 2xx as a Failure, with the server's or proxy's own setting in the hint where one decides it. */
export function answerFailure(answer: Answer, { doing, subject }: Asked, grants: Grants): Failure {
  const plain = failureOfAnswer(answer, subject, grants.now);
  const { reason = plain.message, ...facts } = told(answer, readServerError(answer.body), grants);
  return new Failure({ ...plain.facts, ...facts, message: `cannot ${doing} ${subject}: ${reason}` });
}

/** Whether a server refused bytes because it lets them pass by presigned URLs only (MLflow 3.18). */
export function isPresignedOnly(thrown: unknown): boolean {
  if (!(thrown instanceof Failure)) return false;
  return thrown.kind === 'unsupported' && thrown.facts.vendor?.status === 403;
}

/** Whether a server said that it has no such service: the status 501, or no such endpoint. */
export function isMissingService(thrown: unknown): boolean {
  if (!(thrown instanceof Failure)) return false;
  const { vendor } = thrown.facts;
  if (vendor?.status === 501) return thrown.kind === 'unsupported';
  const unknown = vendor?.code === undefined || vendor.code === 'ENDPOINT_NOT_FOUND';
  return unknown && (vendor?.status === 404 || vendor?.status === 405);
}

/** A 200 that is not the artifact service's: a login page, or something that is no MLflow server. */
export function strangeAnswer({ status, url, body }: Answer, { doing, subject }: Asked): Failure {
  const page = isHtml(body);
  return new Failure({
    kind: page ? 'unauthenticated' : 'corrupt',
    message: page
      ? `cannot ${doing} ${subject}: ${url.host} answered with a web page, probably to log in`
      : `cannot ${doing} ${subject}: ${url.host} does not answer as an MLflow server`,
    subject,
    hint: page
      ? 'set MLFLOW_TRACKING_TOKEN to a token that the proxy in front accepts, or correct MLFLOW_TRACKING_URI'
      : 'check MLFLOW_TRACKING_URI, and what stands in front of the server',
    settings: ['tracking.uri', 'tracking.token'],
    vendor: { status },
  });
}
