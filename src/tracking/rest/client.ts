import { Failure } from '../../core/failure.ts';
import { withRetry } from '../../core/retry.ts';
import type { Io } from '../../core/io.ts';
import type { Authorizer } from '../../net/authorizer.ts';
import type { NetResponse } from '../../net/net.ts';
import { readStart, readText } from '../../net/read-body.ts';
import { createAuthorizer } from './auth/authorize.ts';
import { answerFailure, strangeAnswer, type ErrorContext } from './errors.ts';
import type { JsonObject } from './fields.ts';
import type { RestOptions } from './options.ts';
import { parseTrackingAddress } from './tracking-address.ts';

/** The largest answer that is read, in bytes: 50,000 experiments stay well below. */
const MAX_ANSWER_BYTES = 256 * 1024 * 1024;
const MAX_ERROR_BYTES = 64 * 1024;

/** One call of MLflow's REST API. */
export interface RestCall {
  readonly method: 'GET' | 'POST';
  /** Below `/api/2.0/mlflow/`, encoded. */
  readonly path: string;
  readonly query?: Readonly<Record<string, string>>;
  /** Sent as JSON; members that are undefined are left out. */
  readonly json?: Readonly<Record<string, unknown>>;
  /** What it is about, for messages. */
  readonly subject: string;
  /** Whether the server does the same when it is asked again after a try whose outcome is not known. */
  readonly repeatable: boolean;
  /** What a server lacks that does not know this endpoint. */
  readonly feature?: string;
  /** Asked when a repeated try is `not-found` after one whose outcome was not known: whether that one did it. */
  readonly settled?: () => Promise<boolean>;
}

/** The tracking server, authenticated, retried and with its errors understood. */
export interface RestClient {
  /** Redacted tracking URI. */
  readonly label: string;
  readonly authorizer: Authorizer;
  /**
   * One call; an empty answer is an empty object.
   * @throws Failure by MLflow's error code, else by the status (`errors.ts`)
   */
  call(call: RestCall, io: Io): Promise<JsonObject>;
}

function parseObject(text: string): JsonObject | undefined {
  const trimmed = text.trim();
  if (trimmed === '' || trimmed === '200 OK') return {};
  try {
    const parsed: unknown = JSON.parse(trimmed);
    return typeof parsed === 'object' && parsed !== null && !Array.isArray(parsed)
      ? (parsed as JsonObject)
      : undefined;
  } catch {
    return undefined;
  }
}

async function understand(response: NetResponse, context: ErrorContext): Promise<JsonObject> {
  const { status, headers, url } = response;
  if (status < 200 || status >= 300) {
    const body = await readStart(response, MAX_ERROR_BYTES);
    throw answerFailure({ status, headers, url, body }, context);
  }
  const body = await readText(response, MAX_ANSWER_BYTES);
  const parsed = parseObject(body);
  if (parsed === undefined) throw strangeAnswer({ status, headers, url, body }, context);
  return parsed;
}

async function attempt(
  call: RestCall,
  base: string,
  authorizer: Authorizer,
  options: RestOptions,
  io: Io,
): Promise<JsonObject> {
  const url = new URL(`${base}/api/2.0/mlflow/${call.path}`);
  for (const [name, value] of Object.entries(call.query ?? {})) url.searchParams.set(name, value);
  const body = call.json === undefined ? undefined : Buffer.from(JSON.stringify(call.json));
  const plain = {
    accept: 'application/json',
    'user-agent': 'mlstow',
    ...(body === undefined ? {} : { 'content-type': 'application/json' }),
  };
  const headersFor = async (to: URL) => ({
    ...plain,
    ...(await authorizer.authorize(call.method, to, plain, body)),
  });
  const response = await options.net.send(
    {
      method: call.method,
      url,
      headers: await headersFor(url),
      ...(body === undefined ? {} : { body }),
      redirect: options.allowRedirects ? headersFor : 'manual',
      idleMs: options.timeoutMs,
    },
    io,
  );
  const context = {
    subject: call.subject,
    origin: new URL(base).origin,
    now: options.clock.now(),
    ...(call.feature === undefined ? {} : { feature: call.feature }),
  };
  return understand(response, context);
}

/** Remembers over the tries of one call whether one of them may have happened. */
function tries(call: RestCall, once: () => Promise<JsonObject>): () => Promise<JsonObject> {
  let doubtful = false;
  return async () => {
    try {
      return await once();
    } catch (thrown) {
      if (!(thrown instanceof Failure)) throw thrown;
      if (doubtful && thrown.kind === 'not-found' && (await call.settled?.())) return {};
      doubtful ||= thrown.effect === 'unknown';
      throw thrown;
    }
  };
}

/**
 * A client of one tracking server. Retries as MLFLOW_HTTP_REQUEST_* say; a call that is not repeatable only when the
 * first try cannot have happened; a 404 never.
 * @throws Failure misconfigured (the URI), unsupported (an authentication plugin)
 */
export function createRestClient(options: RestOptions): RestClient {
  const { retry, clock } = options;
  const { base, label } = parseTrackingAddress(options.uri);
  const authorizer = createAuthorizer(options, clock);
  return {
    label,
    authorizer,
    call: (call, io) => {
      const run = tries(call, () => attempt(call, base, authorizer, options, io));
      return withRetry(retry, { subject: call.subject, repeatable: call.repeatable, run }, clock, io);
    },
  };
}
