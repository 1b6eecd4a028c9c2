import { Readable } from 'node:stream';
import type {
  HttpOperationResponse,
  IHttpClient,
  StoragePipelineOptions,
  WebResource,
} from '@azure/storage-blob';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { Net, NetRequest, NetResponse } from '../../../net/net.ts';
import { readText } from '../../../net/read-body.ts';

/** What a server answered, as far as mapping a refusal needs it. */
export interface Answer {
  readonly status: number;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
}

/** One call of the SDK as its HTTP client sees it. */
interface Exchange {
  readonly io: Io;
  answer?: Answer;
  body?: Readable;
}

/** A finished call of the SDK. */
export interface Exchanged<T> {
  readonly value: T;
  /** The body of a download, as it comes from the connection. */
  readonly body?: Readable;
}

/** The largest answer that is not an object's bytes, in bytes: a page of 5,000 long names stays below. */
const MAX_TEXT_BYTES = 64 * 1024 * 1024;
/** The SDK hands its signal on to its HTTP client unchanged; nothing else of a call arrives there. */
const exchanges = new WeakMap<AbortSignal, Exchange>();

/**
 * Runs one call of the SDK. What it throws goes through `refuse` with what the server answered, if it did.
 * @throws Failure those of Net; whatever `refuse` makes of the rest
 */
export async function exchange<T>(
  io: Io,
  ask: (signal: AbortSignal) => Promise<T>,
  refuse: (answer: Answer | undefined, thrown: unknown) => Failure,
): Promise<Exchanged<T>> {
  const controller = new AbortController();
  const stop = () => controller.abort(io.signal.reason);
  const current: Exchange = { io };
  exchanges.set(controller.signal, current);
  io.signal.addEventListener('abort', stop, { once: true });
  if (io.signal.aborted) stop();
  try {
    const value = await ask(controller.signal);
    return { value, ...(current.body === undefined ? {} : { body: current.body }) };
  } catch (thrown) {
    current.body?.destroy();
    if (thrown instanceof Failure) throw thrown;
    throw refuse(current.answer, thrown);
  } finally {
    io.signal.removeEventListener('abort', stop);
  }
}

/** What both generations of the SDK's request objects have in common. */
interface Asked {
  readonly url: string;
  readonly method: string;
  readonly body?: unknown;
}

function bodyOf(body: unknown): Uint8Array | Readable | undefined {
  if (body === undefined || body === null) return undefined;
  if (typeof body === 'string') return Buffer.from(body);
  if (body instanceof Uint8Array || body instanceof Readable) return body;
  if (typeof body === 'function') return bodyOf((body as () => unknown)());
  throw new Failure({ kind: 'internal', message: 'a request body of an unknown kind', subject: typeof body });
}

function requestOf(asked: Asked, given: Readonly<Record<string, string>>): NetRequest {
  const body = bodyOf(asked.body);
  const headers = { ...given };
  const length = headers['content-length'];
  delete headers['content-length'];
  return {
    method: asked.method,
    url: new URL(asked.url),
    headers,
    redirect: 'manual',
    ...(body === undefined ? {} : { body }),
    ...(length === undefined ? {} : { length: Number(length) }),
  };
}

/** A redirect would be followed with a signature or token made for it: the endpoint alone decides where those go. */
function refuseRedirect({ status, headers, url }: NetResponse): void {
  const location = headers['location'];
  if (status < 300 || status > 399 || location === undefined) return;
  const to = URL.canParse(location, url.href) ? new URL(location, url).origin : 'elsewhere';
  throw new Failure({
    kind: 'misconfigured',
    message: `${url.host} redirects to ${to}, where the credentials must not go`,
    subject: url.origin,
    hint: 'set azure.blobEndpoint to the address that answers itself',
    settings: ['azure.blobEndpoint'],
  });
}

async function textOf(response: NetResponse): Promise<string> {
  return readText(response, MAX_TEXT_BYTES);
}

/** The SDK takes the answers within one from a stream. */
function isBatch({ method, url }: WebResource): boolean {
  return method === 'POST' && new URL(url).searchParams.get('comp') === 'batch';
}

async function answerStorage(net: Net, asked: WebResource): Promise<HttpOperationResponse> {
  const current = asked.abortSignal instanceof AbortSignal ? exchanges.get(asked.abortSignal) : undefined;
  if (!current) throw new Failure({ kind: 'internal', message: 'a call without its Io', subject: asked.url });
  const response = await net.send(requestOf(asked, asked.headers.toJson()), current.io);
  const { status, headers } = response;
  current.answer = { status, headers };
  try {
    refuseRedirect(response);
  } catch (thrown) {
    response.body.destroy();
    throw thrown;
  }
  const told = { request: asked, status, headers: { toJson: () => ({ ...headers }) } };
  if (isBatch(asked)) {
    const readableStreamBody = Readable.from([Buffer.from(await textOf(response))]);
    return { ...told, readableStreamBody } as unknown as HttpOperationResponse;
  }
  const streamed = asked.streamResponseStatusCodes;
  if (status < 300 && (streamed?.has(status) || streamed?.has(Infinity))) {
    current.body = response.body;
    // The SDK would read ahead and hide why a body broke off: it gets one that never begins.
    const readableStreamBody = new Readable({ read: () => undefined });
    return { ...told, readableStreamBody } as unknown as HttpOperationResponse;
  }
  return { ...told, bodyAsText: await textOf(response) } as unknown as HttpOperationResponse;
}

/** How the SDK reaches its service: over Net's connections, never again by itself, never redirected. */
export function storagePipeline(net: Net): StoragePipelineOptions {
  const httpClient: IHttpClient = { sendRequest: async (asked) => answerStorage(net, asked) };
  return { httpClient, retryOptions: { maxTries: 1 } };
}

/** A request of the credential library. */
interface LoginRequest extends Asked {
  readonly headers: { toJSON(): Record<string, string> };
  /** Milliseconds; 0 for no limit. */
  readonly timeout: number;
  readonly abortSignal?: unknown;
}

/** What the credential library is answered. */
interface LoginResponse<R> {
  readonly request: R;
  readonly status: number;
  readonly headers: Headers & { toJSON(): Record<string, string> };
  readonly bodyAsText: string;
}

/** How the credential library reaches Entra ID and managed identities: over Net's connections. */
export function loginClient(net: Net) {
  return {
    sendRequest: async <R extends LoginRequest>(asked: R): Promise<LoginResponse<R>> => {
      const signals = [
        ...(asked.abortSignal instanceof AbortSignal ? [asked.abortSignal] : []),
        ...(asked.timeout > 0 ? [AbortSignal.timeout(asked.timeout)] : []),
      ];
      const io: Io = {
        signal: signals.length === 0 ? new AbortController().signal : AbortSignal.any(signals),
      };
      const response = await net.send(requestOf(asked, asked.headers.toJSON()), io);
      const headers = Object.assign(new Headers(response.headers), {
        toJSON: () => ({ ...response.headers }),
      });
      return { request: asked, status: response.status, headers, bodyAsText: await textOf(response) };
    },
  };
}
