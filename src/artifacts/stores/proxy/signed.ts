import type { Readable } from 'node:stream';
import type { Clock } from '../../../core/clock.ts';
import { asFailure, Failure, type FailureFacts, type FailureKind } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import { retryAfterMs } from '../../../net/mlflow-errors.ts';
import type { Net, NetResponse } from '../../../net/net.ts';
import { readStart } from '../../../net/read-body.ts';
import type { Asked } from './failures.ts';

/** A URL that the server signed for one request to its store: a secret. Its headers belong to the signature. */
export interface Signed {
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
}

/** One request to the store behind the server. */
export interface SignedCall extends Asked {
  readonly method: 'GET' | 'PUT';
  readonly signed: Signed;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readable;
  /** Bytes of `body`. */
  readonly length?: number;
  /** A better failure than the usual one for this answer. */
  readonly refused?: (response: NetResponse) => Failure | undefined;
}

/** What the connection itself says. */
const FRAMING = new Set(['host', 'connection', 'content-length', 'transfer-encoding', 'expect']);
const MAX_ERROR_BYTES = 16 * 1024;

/** The signed URL that a server's answer holds; undefined when it holds none of http(s). */
export function signedOf(told: Readonly<Record<string, unknown>>): Signed | undefined {
  const { url, headers } = told;
  if (typeof url !== 'string' || !URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  if (!/^https?:$/.test(parsed.protocol)) return undefined;
  const given = typeof headers === 'object' && headers !== null ? Object.entries(headers) : [];
  const kept = given.flatMap(([name, value]): [string, string][] =>
    typeof value !== 'string' || FRAMING.has(name.toLowerCase()) ? [] : [[name.toLowerCase(), value]],
  );
  return { url: parsed, headers: Object.fromEntries(kept) };
}

const KINDS: ReadonlyMap<number, FailureKind> = new Map([
  [401, 'denied'],
  [403, 'denied'],
  [404, 'not-found'],
  [408, 'timeout'],
  [409, 'conflict'],
  [412, 'changed'],
  [413, 'too-large'],
  [429, 'throttled'],
  [503, 'throttled'],
  [504, 'timeout'],
  [507, 'no-space'],
]);
const TRANSIENT = new Set([408, 429, 500, 502, 503, 504]);

/** Error codes that tell more than their status (https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html). */
const KIND_OF_CODE: ReadonlyMap<string, FailureKind> = new Map([
  ['RequestTimeout', 'timeout'],
  ['NoSuchUpload', 'conflict'],
  ['ExpiredToken', 'denied'],
  ['EntityTooLarge', 'too-large'],
  ['XMinioStorageFull', 'no-space'],
  ['QuotaExceeded', 'no-space'],
]);

function hintOf(kind: FailureKind, host: string): Partial<FailureFacts> {
  if (kind === 'denied') {
    return {
      hint: `a URL that the MLflow server signs is good for a limited time (an hour for parts): check the clocks, and the rights of the server's own credentials at ${host}; log it again with more bandwidth, or with MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD=false through the server`,
      settings: ['artifacts.proxyMultipartUpload', 'artifacts.proxyMultipartDownload'],
    };
  }
  return kind === 'conflict' ? { hint: 'log it again: the upload was given up at the store' } : {};
}

/** An answer other than 2xx of the store, by its status and error code. Its text may hold the URL, so it is not shown. */
async function answerFailure(response: NetResponse, call: SignedCall, now: number): Promise<Failure> {
  const { doing, subject, signed } = call;
  const { status, headers } = response;
  const { host } = signed.url;
  const body = await readStart(response, MAX_ERROR_BYTES);
  const code = /<Code>([A-Za-z][\w.]{0,63})<\/Code>/.exec(body)?.[1];
  const kind =
    KIND_OF_CODE.get(code ?? '') ?? KINDS.get(status) ?? (status >= 500 ? 'unavailable' : 'invalid');
  const wait = retryAfterMs(headers['retry-after'], now);
  return new Failure({
    kind,
    message: `cannot ${doing} ${subject}: its store ${host} answered ${status}${code === undefined ? '' : ` (${code})`}`,
    subject,
    ...hintOf(kind, host),
    retry: TRANSIENT.has(status) || code === 'RequestTimeout' ? 'later' : 'never',
    effect: status >= 500 ? 'unknown' : 'none',
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
    vendor: { status, ...(code === undefined ? {} : { code }) },
  });
}

/** A store that the server reaches need not be reachable from here. */
function unreachable(thrown: unknown, { doing, subject, signed }: SignedCall): Failure {
  const failure = asFailure(thrown, subject);
  if (failure.kind === 'cancelled' || failure.facts.subject === subject) return failure;
  const { host } = signed.url;
  const elsewhere = `the MLflow server signs URLs for ${host}: make it reachable from here (HTTPS_PROXY, NO_PROXY, the server's S3 endpoint), or set MLFLOW_ENABLE_PROXY_MULTIPART_UPLOAD=false and MLFLOW_ENABLE_PROXY_MULTIPART_DOWNLOAD=false to go through the server`;
  // Of an address that somebody else chose, this says more than what holds for any address.
  const hint = failure.kind === 'unavailable' ? elsewhere : (failure.facts.hint ?? elsewhere);
  return failure.with({ message: `cannot ${doing} ${subject}: ${failure.message}`, subject, hint });
}

/**
 * Sends one request to the store behind the server, by a URL that the server signed. It carries the headers that the
 * server gave and nothing of ours: no credentials go there.
 * @throws Failure for every answer other than 2xx; those of the connection. Neither shows the URL's query.
 */
export async function sendSigned(net: Net, clock: Clock, call: SignedCall, io: Io): Promise<NetResponse> {
  const { method, signed, headers = {}, body, length } = call;
  let response;
  try {
    response = await net.send(
      {
        method,
        url: signed.url,
        headers: { 'user-agent': 'mlstow', ...signed.headers, ...headers },
        ...(body ? { body } : {}),
        ...(length === undefined ? {} : { length }),
        redirect: 'manual',
      },
      io,
    );
  } catch (thrown) {
    throw unreachable(thrown, call);
  }
  if (response.status >= 200 && response.status < 300) return response;
  const better = call.refused?.(response);
  if (!better) throw await answerFailure(response, call, clock.now());
  response.body.destroy();
  throw better;
}
