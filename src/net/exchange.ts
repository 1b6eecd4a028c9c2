import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { Failure } from '../core/failure.ts';
import { streamOf } from '../core/held-bytes.ts';
import type { Io } from '../core/io.ts';
import { onAbort } from '../core/on-abort.ts';
import { codeOf, connectionFailure, silence, type ConnectionFacts } from './connection-failure.ts';
import { IdleTimer } from './idle-timer.ts';
import { responseBody } from './response-body.ts';
import { isSmall, takeWhole } from './take-whole.ts';
import { upload, type Sending } from './upload.ts';
import { watchConnection } from './watch-connection.ts';
import type { Net, NetNames, NetRequest, NetResponse } from './net.ts';

/** What every exchange of one Net shares. */
export interface Wire {
  readonly agents: Net['agents'];
  readonly connectMs: number;
  readonly idleMs?: number;
  readonly names: NetNames;
}

/** A kept connection was closed by the other side just when it was used again; nothing was answered. */
export class StaleConnection extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message, { cause: failure });
    this.failure = failure;
  }
}

/** Method and URL as they may be shown: without query, which may hold a signature, and without userinfo. */
export function subjectOf(request: Pick<NetRequest, 'method' | 'url'>): string {
  return `${request.method} ${request.url.origin}${request.url.pathname}`;
}

function lengthOf({ body, length, method }: NetRequest): number | undefined {
  if (body instanceof Uint8Array) return body.length;
  if (body !== undefined) return length;
  return method === 'GET' || method === 'HEAD' || method === 'DELETE' ? undefined : 0;
}

function invalidRequest(request: NetRequest, error: unknown): Failure {
  if (error instanceof Failure) return error;
  const message = `the request cannot be written: ${codeOf(error)}`;
  return new Failure({ kind: 'invalid', message, subject: subjectOf(request) }, error);
}

/** Userinfo is left out: credentials are headers here. */
function open(request: NetRequest, wire: Wire): ClientRequest {
  const { url, method } = request;
  const length = lengthOf(request);
  const headers: Record<string, string> = { 'accept-encoding': 'identity' };
  if (length !== undefined) headers['content-length'] = String(length);
  Object.assign(headers, request.headers);
  const { hostname } = url;
  const options = {
    protocol: url.protocol,
    hostname: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
    port: url.port,
    path: url.pathname + url.search,
    method,
    headers,
  };
  try {
    return url.protocol === 'https:'
      ? httpsRequest({ ...options, agent: wire.agents.https })
      : httpRequest({ ...options, agent: wire.agents.http });
  } catch (thrown) {
    throw invalidRequest(request, thrown);
  }
}

function cancelled(subject: string): Failure {
  return new Failure({ kind: 'cancelled', message: 'stopped on request', subject, effect: 'unknown' });
}

/** Of what came several times Node makes a list for cookies alone (https://nodejs.org/api/http.html#messageheaders). */
function headersOf({ headers }: IncomingMessage): Record<string, string> {
  const cookies = headers['set-cookie'];
  const joined = cookies ? { ...headers, 'set-cookie': cookies.join(', ') } : headers;
  return joined as Record<string, string>;
}

/** A small answer, all of which is there. */
class WholeAnswer implements NetResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly url: URL;
  readonly bytes: Buffer;
  #body: Readable | undefined;

  constructor({ url }: NetRequest, incoming: IncomingMessage, bytes: Buffer) {
    this.status = incoming.statusCode ?? 0;
    this.headers = headersOf(incoming);
    this.url = url;
    this.bytes = bytes;
  }

  get body(): Readable {
    return (this.#body ??= streamOf(this.bytes));
  }
}

/** One request on its way, and its answer. */
class Exchange {
  readonly #request: NetRequest;
  readonly #wire: Wire;
  readonly #outgoing: ClientRequest;
  readonly #idleMs: number | undefined;
  readonly #idle: IdleTimer;
  /** Nobody stops the exchange any more. */
  readonly #release: () => void;
  #resolve: (response: NetResponse) => void = () => undefined;
  #reject: (reason: Failure | StaleConnection) => void = () => undefined;
  #sending: Sending | undefined;
  #body: Readable | undefined;
  #reached = false;
  #answered = false;
  #receiving = false;
  #settled = false;

  constructor(request: NetRequest, wire: Wire, { signal }: Io) {
    this.#request = request;
    this.#wire = wire;
    this.#idleMs = request.idleMs ?? wire.idleMs;
    this.#outgoing = open(request, wire);
    this.#idle = new IdleTimer(this.#idleMs, () => this.cut(silence()));
    this.#release = onAbort(signal, () => this.cut(cancelled(subjectOf(request))));
  }

  converse(): Promise<NetResponse> {
    watchConnection(this.#outgoing, this.#request.url.protocol === 'https:', this.#wire.connectMs, this);
    return new Promise<NetResponse>((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
      this.#send();
    });
  }

  reached(): void {
    this.#reached = true;
    this.#idle.arm();
  }

  /** Ends whatever is under way: the request, or the reading of its answer. */
  cut(error: Error): void {
    if (this.#body) {
      this.#body.destroy(error);
      return;
    }
    this.#outgoing.destroy(error);
    // A request that still waits for its socket tells nothing when it is destroyed.
    this.#fail(error);
  }

  #send(): void {
    const outgoing = this.#outgoing;
    // Whether an answer is whole tells the answer itself, whatever becomes of a request that it refuses.
    outgoing.on('error', (error) => (this.#receiving ? undefined : this.#fail(error)));
    outgoing.once('response', (incoming) => this.#hear(incoming));
    const sending = upload(outgoing, this.#request.body, lengthOf(this.#request), this.#idle);
    this.#sending = sending;
    // The first bytes that were asked of the body may have ended everything already.
    if (outgoing.destroyed) sending.halt();
    sending.sent?.catch((error: unknown) => this.cut(error as Error));
  }

  /** A final answer below 300 counts only once the whole body was sent; any other one ends the sending. */
  #hear(incoming: IncomingMessage): void {
    this.#answered = true;
    this.#idle.stop();
    const sent = this.#sending?.sent;
    if ((incoming.statusCode ?? 0) < 300 && sent) {
      incoming.pause();
      sent.then(
        () => this.#receive(incoming),
        () => undefined,
      );
      return;
    }
    this.#sending?.halt();
    this.#receive(incoming);
  }

  /** Gives an answer: a small one when all of it is there, any other at once. */
  #receive(incoming: IncomingMessage): void {
    if (this.#settled) return;
    const request = this.#request;
    this.#receiving = true;
    if (isSmall(incoming, request.method)) {
      takeWhole(incoming, this.#idle, {
        whole: (bytes) => {
          this.#end();
          this.#give(new WholeAnswer(request, incoming, bytes));
        },
        failed: (error) => this.#fail(error),
      });
      return;
    }
    const body = responseBody(incoming, {
      idle: this.#idle,
      fail: (error) => connectionFailure(error, this.#facts()),
      release: () => this.#end(),
    });
    this.#body = body;
    const { url } = request;
    this.#give({ status: incoming.statusCode ?? 0, headers: headersOf(incoming), url, body });
  }

  #give(response: NetResponse): void {
    this.#settled = true;
    this.#resolve(response);
  }

  #fail(error: unknown): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#release();
    this.#idle.stop();
    this.#sending?.halt();
    const failure = connectionFailure(error, this.#facts());
    const cut = codeOf(error) === 'ECONNRESET' || codeOf(error) === 'EPIPE';
    const isStale = this.#outgoing.reusedSocket && cut && !this.#answered;
    this.#reject(isStale ? new StaleConnection(failure) : failure);
  }

  /** All was heard; an answer that came before all was sent ends the connection. */
  #end(): void {
    this.#idle.stop();
    this.#release();
    if (!this.#outgoing.writableEnded) this.#outgoing.destroy();
  }

  #facts(): ConnectionFacts {
    return {
      subject: subjectOf(this.#request),
      host: this.#request.url.host,
      reached: this.#reached,
      connectMs: this.#wire.connectMs,
      ...(this.#idleMs === undefined ? {} : { idleMs: this.#idleMs }),
      names: this.#wire.names,
    };
  }
}

/**
 * Sends one request over one connection.
 * @throws Failure as `Net.send`; StaleConnection, which the caller must not let out
 */
export async function exchange(request: NetRequest, wire: Wire, io: Io): Promise<NetResponse> {
  if (io.signal.aborted) throw cancelled(subjectOf(request)).with({ effect: 'none' });
  return new Exchange(request, wire, io).converse();
}
