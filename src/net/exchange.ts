import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { Failure } from '../core/failure.ts';
import { streamOf } from '../core/held-bytes.ts';
import type { Io } from '../core/io.ts';
import { onAbort } from '../core/on-abort.ts';
import { codeOf, connectionFailure, silence, type ConnectionFacts } from './connection-failure.ts';
import { idleTimer, type IdleTimer } from './idle-timer.ts';
import { responseBody } from './response-body.ts';
import { isSmall, takeWhole } from './take-whole.ts';
import { upload } from './upload.ts';
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

interface Exchange {
  readonly request: NetRequest;
  readonly outgoing: ClientRequest;
  readonly idle: IdleTimer;
  readonly facts: () => ConnectionFacts;
  /** Ends whatever is under way: the request, or the reading of its answer. */
  cut: (error: Error) => void;
  /** The exchange is over: nobody stops it any more. */
  readonly release: () => void;
}

/** Nobody stops the exchange any more; an answer that came before all was sent ends the connection. */
function end({ outgoing, release }: Exchange): void {
  release();
  if (!outgoing.writableEnded) outgoing.destroy();
}

function answer({ url }: NetRequest, incoming: IncomingMessage): Omit<NetResponse, 'body'> {
  return { status: incoming.statusCode ?? 0, headers: headersOf(incoming), url };
}

function streamed(exchange: Exchange, incoming: IncomingMessage): NetResponse {
  const { idle, facts, request } = exchange;
  const body = responseBody(incoming, {
    idle,
    fail: (error) => connectionFailure(error, facts()),
    release: () => end(exchange),
  });
  exchange.cut = (error) => body.destroy(error);
  return { ...answer(request, incoming), body };
}

function held({ request }: Exchange, incoming: IncomingMessage, bytes: Buffer): NetResponse {
  let body: Readable | undefined;
  return {
    ...answer(request, incoming),
    bytes,
    get body() {
      return (body ??= streamOf(bytes));
    },
  };
}

interface Told {
  answer(response: NetResponse): void;
  fail(error: unknown): void;
}

/** Gives an answer: a small one when all of it is there, any other at once. */
function receive(exchange: Exchange, incoming: IncomingMessage, told: Told): void {
  if (!isSmall(incoming, exchange.request.method)) {
    told.answer(streamed(exchange, incoming));
    return;
  }
  const whole = (bytes: Buffer): void => {
    exchange.idle.stop();
    end(exchange);
    told.answer(held(exchange, incoming, bytes));
  };
  takeWhole(incoming, exchange.idle, { whole, failed: (error) => told.fail(error) });
}

/** A final answer below 300 counts only once the whole body was sent; any other one ends the sending. */
function converse(exchange: Exchange): Promise<NetResponse> {
  const { request, outgoing, idle, facts } = exchange;
  return new Promise<NetResponse>((resolve, reject) => {
    let settled = false;
    let answered = false;
    let receiving = false;
    let halt = (): void => undefined;
    const fail = (error: unknown) => {
      if (settled) return;
      settled = true;
      exchange.release();
      idle.stop();
      halt();
      const failure = connectionFailure(error, facts());
      const cut = codeOf(error) === 'ECONNRESET' || codeOf(error) === 'EPIPE';
      reject(outgoing.reusedSocket && cut && !answered ? new StaleConnection(failure) : failure);
    };
    // A request that still waits for its socket tells nothing when it is destroyed.
    exchange.cut = (error) => {
      outgoing.destroy(error);
      fail(error);
    };
    // Whether an answer is whole tells the answer itself, whatever becomes of a request that it refuses.
    outgoing.on('error', (error) => (receiving ? undefined : fail(error)));
    const body = upload(outgoing, request.body, lengthOf(request), idle);
    halt = () => body.halt();
    // The first bytes that were asked of the body may have ended everything already.
    if (outgoing.destroyed) halt();
    body.sent?.catch((error: unknown) => exchange.cut(error as Error));
    const give = (response: NetResponse) => {
      settled = true;
      resolve(response);
    };
    outgoing.once('response', (incoming) => {
      answered = true;
      idle.stop();
      const finish = () => {
        if (settled) return;
        receiving = true;
        receive(exchange, incoming, { answer: give, fail });
      };
      if ((incoming.statusCode ?? 0) < 300 && body.sent) {
        incoming.pause();
        body.sent.then(finish, () => undefined);
        return;
      }
      halt();
      finish();
    });
  });
}

/**
 * Sends one request over one connection.
 * @throws Failure as `Net.send`; StaleConnection, which the caller must not let out
 */
export async function exchange(request: NetRequest, wire: Wire, io: Io): Promise<NetResponse> {
  if (io.signal.aborted) throw cancelled(subjectOf(request)).with({ effect: 'none' });
  const idleMs = request.idleMs ?? wire.idleMs;
  let reached = false;
  const outgoing = open(request, wire);
  const facts = (): ConnectionFacts => ({
    subject: subjectOf(request),
    host: request.url.host,
    reached,
    connectMs: wire.connectMs,
    ...(idleMs === undefined ? {} : { idleMs }),
    names: wire.names,
  });
  const idle = idleTimer(idleMs, () => current.cut(silence()));
  const current: Exchange = {
    request,
    outgoing,
    idle,
    facts,
    cut: (error) => outgoing.destroy(error),
    release: onAbort(io.signal, () => current.cut(cancelled(subjectOf(request)))),
  };
  watchConnection(outgoing, request.url.protocol === 'https:', wire.connectMs, {
    reached: () => {
      reached = true;
      idle.arm();
    },
    cut: (error) => current.cut(error),
  });
  return converse(current);
}
