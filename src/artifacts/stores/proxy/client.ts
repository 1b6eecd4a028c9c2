import type { Readable } from 'node:stream';
import type { Under } from '../../../core/artifact-path.ts';
import type { Clock } from '../../../core/clock.ts';
import type { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { Authorizer } from '../../../net/authorizer.ts';
import type { Net, NetResponse } from '../../../net/net.ts';
import { readStart, readText } from '../../../net/read-body.ts';
import type { ProxyAddress } from './address.ts';
import { answerFailure, strangeAnswer, type Answer, type Asked } from './failures.ts';

const MAX_ERROR_BYTES = 64 * 1024;

/** One request to the artifact service. */
export interface ProxyCall extends Asked {
  readonly method: 'GET' | 'PUT' | 'POST' | 'DELETE';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Readable | Uint8Array;
  /** Bytes of `body`, when they are known. */
  readonly length?: number;
  /** A better failure than the usual one for this answer. */
  readonly refused?: (response: NetResponse) => Failure | undefined;
}

/** One root of an artifact service, and how to talk to it. */
export interface ProxyClient {
  readonly address: ProxyAddress;
  /** The root's redacted URI. */
  readonly label: string;
  readonly net: Net;
  readonly authorizer: Authorizer;
  readonly clock: Clock;
  /** Whether reads and removals follow redirects; credentials go only where the Authorizer grants them. */
  readonly allowRedirects: boolean;
}

/** The redacted URI of a path. */
export function subjectOf({ label }: ProxyClient, path: Under): string {
  return path === '' ? label : `${label.replace(/\/$/, '')}/${path}`;
}

/** Sends a request with the credentials of its host; any status is an answer. */
export async function exchange(client: ProxyClient, call: ProxyCall, io: Io): Promise<NetResponse> {
  const plain = { 'user-agent': 'mlstow', ...call.headers };
  const signed = call.body instanceof Uint8Array ? call.body : call.body && 'streamed';
  const headersFor = async (to: URL) => ({
    ...plain,
    ...(await client.authorizer.authorize(call.method, to, plain, signed)),
  });
  // A large artifact is streamed and cannot be sent twice; a small one goes nowhere else either.
  const follows = client.allowRedirects && call.method !== 'PUT';
  return client.net.send(
    {
      method: call.method,
      url: call.url,
      headers: await headersFor(call.url),
      ...(call.body ? { body: call.body } : {}),
      ...(call.length === undefined ? {} : { length: call.length }),
      redirect: follows ? headersFor : 'manual',
    },
    io,
  );
}

/** The start of an answer's body with what belongs to it; the rest is given up. */
export async function readAnswer(response: NetResponse): Promise<Answer> {
  const { status, headers, url } = response;
  return { status, headers, url, body: await readStart(response, MAX_ERROR_BYTES) };
}

/** An answer other than 2xx as a Failure; its body is read. */
async function failureOf(client: ProxyClient, call: ProxyCall, response: NetResponse): Promise<Failure> {
  const better = call.refused?.(response);
  if (better) {
    response.body.destroy();
    return better;
  }
  const grants = { hosts: client.authorizer.hosts, now: client.clock.now() };
  return answerFailure(await readAnswer(response), call, grants);
}

/** Sends a request. @throws Failure for every answer other than 2xx (`failures.ts`); those of the connection */
export async function send(client: ProxyClient, call: ProxyCall, io: Io): Promise<NetResponse> {
  const response = await exchange(client, call, io);
  if (response.status >= 200 && response.status < 300) return response;
  throw await failureOf(client, call, response);
}

/**
 * Reads the answer of a write or a removal: nothing, or an object (Flask). Anything else did not come from MLflow, so
 * nothing happened there.
 * @throws Failure unauthenticated (a login page), corrupt
 */
export async function expectDone(call: Asked, response: NetResponse): Promise<void> {
  const answer = await readAnswer(response);
  if (!/^\s*(?:\{[\s\S]*\})?\s*$/.test(answer.body)) throw strangeAnswer(answer, call);
}

/** Far more than 10,000 presigned URLs. */
const MAX_JSON_BYTES = 128 * 1024 * 1024;

/**
 * Sends a request with a JSON body, or none, and reads the JSON object that answers it.
 * @throws Failure as `send`; unauthenticated (a login page), corrupt for anything but a JSON object
 */
export async function askJson(
  client: ProxyClient,
  call: Omit<ProxyCall, 'body' | 'headers'> & { readonly json?: unknown },
  io: Io,
): Promise<Readonly<Record<string, unknown>>> {
  const { json, ...rest } = call;
  const sent =
    json === undefined
      ? {}
      : { headers: { 'content-type': 'application/json' }, body: Buffer.from(JSON.stringify(json)) };
  const response = await send(client, { ...rest, ...sent }, io);
  const body = await readText(response, MAX_JSON_BYTES);
  try {
    const parsed: unknown = JSON.parse(body);
    if (typeof parsed === 'object' && parsed !== null) return parsed as Readonly<Record<string, unknown>>;
  } catch {
    // Not JSON: told below.
  }
  const { status, headers, url } = response;
  throw strangeAnswer({ status, headers, url, body }, call);
}
