import { Failure, type FailureKind } from '../core/failure.ts';
import { redactUri } from '../core/redact.ts';

const MAX_CHARACTERS = 200;

/** An answer that is not the one hoped for, its body read. */
export interface MlflowAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The body's text, or as much of it as is worth reading. */
  readonly body: string;
}

/** What an error body says. */
export interface ServerError {
  /** MLflow's `error_code`. */
  readonly code?: string;
  /** FastAPI's `detail`: the answer of a route, not of MLflow's handlers. */
  readonly detail?: string;
  /** One redacted line of at most 200 characters, without a final full stop; empty when the body says nothing. */
  readonly text: string;
  /** The body as an object; empty when it is none. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** MLflow's error codes (mlflow/exceptions.py, mlflow/protos/databricks.proto). */
const KIND_OF_CODE: ReadonlyMap<string, FailureKind> = new Map([
  ['BAD_REQUEST', 'invalid'],
  ['MALFORMED_REQUEST', 'invalid'],
  ['INVALID_PARAMETER_VALUE', 'invalid'],
  ['RESOURCE_ALREADY_EXISTS', 'exists'],
  ['ALREADY_EXISTS', 'exists'],
  ['RESOURCE_DOES_NOT_EXIST', 'not-found'],
  ['NOT_FOUND', 'not-found'],
  ['ENDPOINT_NOT_FOUND', 'misconfigured'],
  ['PERMISSION_DENIED', 'denied'],
  ['UNAUTHENTICATED', 'unauthenticated'],
  ['CUSTOMER_UNAUTHORIZED', 'unauthenticated'],
  ['INVALID_STATE', 'conflict'],
  ['ABORTED', 'conflict'],
  ['RESOURCE_CONFLICT', 'conflict'],
  ['FEATURE_DISABLED', 'unsupported'],
  ['NOT_IMPLEMENTED', 'unsupported'],
  ['REQUEST_LIMIT_EXCEEDED', 'throttled'],
  ['RESOURCE_EXHAUSTED', 'throttled'],
  ['TEMPORARILY_UNAVAILABLE', 'unavailable'],
  ['INTERNAL_ERROR', 'unavailable'],
  ['CANCELLED', 'unavailable'],
  ['DEADLINE_EXCEEDED', 'timeout'],
  ['DATA_LOSS', 'corrupt'],
]);

const KIND_OF_STATUS: ReadonlyMap<number, FailureKind> = new Map([
  [401, 'unauthenticated'],
  [403, 'denied'],
  [404, 'misconfigured'],
  [405, 'misconfigured'],
  [407, 'misconfigured'],
  [408, 'timeout'],
  [409, 'conflict'],
  [413, 'too-large'],
  [429, 'throttled'],
  [501, 'unsupported'],
  [504, 'timeout'],
  [507, 'no-space'],
]);

const TRANSIENT = new Set([408, 429, 500, 502, 503, 504]);
const REPEATED_KINDS: readonly FailureKind[] = ['throttled', 'unavailable', 'timeout'];

const ENTITIES: Readonly<Record<string, string>> = {
  '&amp;': '&',
  '&lt;': '<',
  '&gt;': '>',
  '&quot;': '"',
  '&#39;': "'",
  '&#x27;': "'",
};

/** Whether a body is a web page: a proxy's error page, or a login form. */
export function isHtml(body: string): boolean {
  return /^\s*(<!doctype html|<html|<head|<body|<title|<\?xml)/i.test(body);
}

function pageText(html: string): string {
  const title = /<title[^>]*>([^<]*)/i.exec(html)?.[1]?.trim();
  const text = title ? title : html.replace(/<(script|style)[\s\S]*?<\/\1>/gi, ' ').replace(/<[^>]*>/g, ' ');
  return text.replace(/&#?\w+;/g, (entity) => ENTITIES[entity] ?? ' ');
}

function sentenceOf(body: string): string {
  const text = isHtml(body) ? pageText(body) : body;
  const lines = text.split(/[\r\n]+/).map((line) => line.replace(/\s+/g, ' ').trim());
  const line = redactUri(lines.find((candidate) => candidate !== '') ?? '');
  const short = line.length > MAX_CHARACTERS ? `${line.slice(0, MAX_CHARACTERS - 1)}…` : line;
  return short.replace(/\.$/, '');
}

/** Reads MLflow's `{error_code, message}`, FastAPI's `{detail}`, a gateway's `{message}`, a web page or a line of text. */
export function readServerError(body: string): ServerError {
  let parsed: unknown;
  try {
    parsed = JSON.parse(body);
  } catch {
    return { text: sentenceOf(body), fields: {} };
  }
  if (typeof parsed !== 'object' || parsed === null) return { text: sentenceOf(body), fields: {} };
  const fields = parsed as Record<string, unknown>;
  const { error_code: code, message, detail } = fields;
  const said = typeof message === 'string' ? message : typeof detail === 'string' ? detail : '';
  return {
    ...(typeof code === 'string' ? { code } : {}),
    ...(typeof detail === 'string' ? { detail } : {}),
    text: sentenceOf(said),
    fields,
  };
}

/** Retry-After in ms: seconds or a date (RFC 9110 section 10.2.3). `now` is in ms since the epoch. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined || header.trim() === '') return undefined;
  const seconds = Number(header);
  const ms = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(header) - now;
  return Number.isFinite(ms) ? Math.max(0, ms) : undefined;
}

function kindOf(status: number, code: string | undefined): FailureKind {
  const byCode = code === undefined ? undefined : KIND_OF_CODE.get(code);
  return byCode ?? KIND_OF_STATUS.get(status) ?? (status >= 500 ? 'unavailable' : 'invalid');
}

/**
 * An answer other than 2xx of an MLflow server, or of a proxy in front of it, as a Failure: by MLflow's error code, else
 * by the status, never by the text. 404 and 405 without an error code mean that there is no such endpoint:
 * `misconfigured`. The message is what the server said, else `the server answered STATUS`; callers put before it what
 * was asked, and add hints. `now` is in ms since the epoch, for Retry-After dates.
 */
export function failureOfAnswer(answer: MlflowAnswer, subject: string, now: number): Failure {
  const { status, headers } = answer;
  const error = readServerError(answer.body);
  const kind = kindOf(status, error.code);
  const wait = retryAfterMs(headers['retry-after'], now);
  const requestId = headers['x-request-id'];
  return new Failure({
    kind,
    message: error.text === '' ? `the server answered ${status}` : error.text,
    subject,
    retry: TRANSIENT.has(status) && REPEATED_KINDS.includes(kind) ? 'later' : 'never',
    effect: status >= 500 && !['unsupported', 'conflict'].includes(kind) ? 'unknown' : 'none',
    ...(wait === undefined ? {} : { retryAfterMs: wait }),
    vendor: {
      status,
      ...(error.code === undefined ? {} : { code: error.code }),
      ...(requestId === undefined ? {} : { requestId }),
    },
  });
}
