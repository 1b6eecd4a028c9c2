import type { Readable } from 'node:stream';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import { readJson } from '../../../net/read-body.ts';
import type { Net, NetResponse } from '../../../net/net.ts';
import type { TokenSource } from './credentials.ts';
import { refusalFailure, type Asked } from './failures.ts';
import { readRefusal } from './refusal.ts';

/** A request's body. */
export interface Outgoing {
  /** Bytes. */
  readonly length: number;
  /** Whether `open` may be called again. */
  readonly replayable: boolean;
  open(io: Io): Uint8Array | Readable;
}

/** One request of the JSON API. */
export interface Call {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** For messages, such as `read`. */
  readonly doing: string;
  /** Redacted URI of what it is about. */
  readonly subject: string;
  readonly url: URL;
  /** Lower-case names. */
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Outgoing;
  /** Without credentials: the URL is one. */
  readonly bare?: true;
  /** Statuses of 300 and more that are answers too. */
  readonly accept?: readonly number[];
}

/** Requests to one bucket. */
export interface BucketClient {
  readonly bucket: string;
  /** Origin (and path, if any) of the API, without a slash at the end. */
  readonly endpoint: string;
  /** Whether the endpoint is Google's own; others may ignore preconditions. */
  readonly google: boolean;
  /**
   * Sends a request; a success is given back, its body to be consumed or destroyed. Credentials that are refused are
   * renewed, once. A redirect is never followed.
   * @throws Failure as `refusalFailure` maps it, and those of Net
   */
  send(call: Call, io: Io): Promise<NetResponse>;
  /** Sends a request whose success is a JSON object. @throws Failure as `send`; corrupt */
  ask(call: Call, io: Io): Promise<Readonly<Record<string, unknown>>>;
  /** Whether the bucket answered anything successfully yet. */
  seen(): boolean;
}

export interface ClientOptions {
  readonly net: Net;
  readonly tokens: TokenSource;
  readonly endpoint: string;
  readonly google: boolean;
}

/** The largest JSON answer, in bytes; a page of 1,000 names of 1,024 bytes, escaped, stays below. */
const MAX_JSON_BYTES = 16 * 1024 * 1024;

/** An answer's body as a JSON object. @throws Failure corrupt */
export async function readObjectBody(
  response: NetResponse,
  subject: string,
): Promise<Readonly<Record<string, unknown>>> {
  const answer = await readJson(response, MAX_JSON_BYTES);
  if (typeof answer === 'object' && answer !== null && !Array.isArray(answer)) {
    return answer as Readonly<Record<string, unknown>>;
  }
  const message = `the answer about ${subject} is not what Google Cloud Storage speaks`;
  throw new Failure({ kind: 'corrupt', message, subject });
}

type Headers = Readonly<Record<string, string>>;

async function transmit(net: Net, call: Call, authorization: Headers, io: Io): Promise<NetResponse> {
  const { method, url, body } = call;
  const headers = { 'user-agent': 'mlstow', ...call.headers, ...authorization };
  const request = { method, url, headers, redirect: 'manual' as const };
  if (body === undefined) return net.send(request, io);
  return net.send({ ...request, body: body.open(io), length: body.length }, io);
}

function isAnswer({ status }: NetResponse, call: Call): boolean {
  return status < 300 || (call.accept?.includes(status) ?? false);
}

/** The client of one bucket; clients of one backend share connections and credentials. */
export function createBucketClient(bucket: string, options: ClientOptions): BucketClient {
  const { net, tokens, endpoint, google } = options;
  let seen = false;
  const send = async (call: Call, io: Io): Promise<NetResponse> => {
    for (let renewed = false; ; renewed = true) {
      const authorization = call.bare ? {} : await tokens.headers(io);
      const response = await transmit(net, call, authorization, io);
      if (isAnswer(response, call)) {
        seen ||= response.status < 300;
        return response;
      }
      const refusal = await readRefusal(response);
      const again = refusal.status === 401 && !renewed && !call.bare && call.body?.replayable !== false;
      if (again && tokens.reject(authorization)) continue;
      const { doing, subject } = call;
      const host = new URL(endpoint).host;
      const asked: Asked = { doing, subject, bucket, host, anonymous: tokens.anonymous };
      throw refusalFailure(asked, refusal);
    }
  };
  return {
    bucket,
    endpoint,
    google,
    send,
    ask: async (call, io) => readObjectBody(await send(call, io), call.subject),
    seen: () => seen,
  };
}
