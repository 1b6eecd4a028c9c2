import { request as httpRequest, type ClientRequest, type IncomingMessage } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { setMaxListeners } from 'node:events';
import { Readable } from 'node:stream';
import { Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import { codeOf, connectionFailure, silence, type ConnectionFacts } from './connection-failure.ts';
import { idleTimer, type IdleTimer } from './idle-timer.ts';
import { responseBody } from './response-body.ts';
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

function open(request: NetRequest, wire: Wire): ClientRequest {
  const { url, method } = request;
  const length = lengthOf(request);
  const headers = {
    'accept-encoding': 'identity',
    ...(length === undefined ? {} : { 'content-length': String(length) }),
    ...request.headers,
  };
  const target = new URL(url);
  target.username = '';
  target.password = '';
  try {
    return url.protocol === 'https:'
      ? httpsRequest(target, { method, headers, agent: wire.agents.https })
      : httpRequest(target, { method, headers, agent: wire.agents.http });
  } catch (thrown) {
    throw invalidRequest(request, thrown);
  }
}

function cancelled(subject: string): Failure {
  return new Failure({ kind: 'cancelled', message: 'stopped on request', subject, effect: 'unknown' });
}

function headersOf(incoming: IncomingMessage): Record<string, string> {
  return Object.fromEntries(
    Object.entries(incoming.headers).map(([name, value]) => [
      name,
      Array.isArray(value) ? value.join(', ') : (value ?? ''),
    ]),
  );
}

interface Exchange {
  readonly request: NetRequest;
  readonly outgoing: ClientRequest;
  readonly idle: IdleTimer;
  readonly io: Io;
  readonly facts: () => ConnectionFacts;
  /** Ends whatever is under way: the request, or the reading of its answer. */
  cut: (error: Error) => void;
}

function answer(exchange: Exchange, incoming: IncomingMessage): NetResponse {
  const { outgoing, idle, io, facts, request } = exchange;
  const stop = () => body.destroy(cancelled(subjectOf(request)));
  exchange.cut = (error) => body.destroy(error);
  const body: Readable = responseBody(incoming, {
    idle,
    fail: (error) => connectionFailure(error, facts()),
    release: () => {
      io.signal.removeEventListener('abort', stop);
      if (!outgoing.writableEnded) outgoing.destroy();
    },
  });
  io.signal.addEventListener('abort', stop, { once: true });
  if (io.signal.aborted) stop();
  return { status: incoming.statusCode ?? 0, headers: headersOf(incoming), url: request.url, body };
}

/** A final answer below 300 counts only once the whole body was sent; any other one ends the sending. */
function converse(exchange: Exchange): Promise<NetResponse> {
  const { request, outgoing, idle, io, facts } = exchange;
  const halt = new AbortController();
  const { body } = request;
  return new Promise<NetResponse>((resolve, reject) => {
    const stop = () => exchange.cut(cancelled(subjectOf(request)));
    const settle = () => {
      io.signal.removeEventListener('abort', stop);
      idle.stop();
    };
    let answered = false;
    const fail = (error: unknown) => {
      settle();
      halt.abort();
      if (body instanceof Readable) body.destroy();
      const failure = connectionFailure(error, facts());
      const cut = codeOf(error) === 'ECONNRESET' || codeOf(error) === 'EPIPE';
      reject(outgoing.reusedSocket && cut && !answered ? new StaleConnection(failure) : failure);
    };
    // A request that still waits for its socket tells nothing when it is destroyed.
    exchange.cut = (error) => {
      outgoing.destroy(error);
      fail(error);
    };
    io.signal.addEventListener('abort', stop, { once: true });
    outgoing.on('error', fail);
    const sent = upload(outgoing, body, lengthOf(request), idle, halt.signal);
    sent.catch((error: unknown) => {
      if (!halt.signal.aborted) exchange.cut(error as Error);
    });
    outgoing.once('response', (incoming) => {
      answered = true;
      idle.stop();
      const finish = () => {
        settle();
        resolve(answer(exchange, incoming));
      };
      incoming.pause();
      if ((incoming.statusCode ?? 0) < 300) {
        sent.then(finish, () => undefined);
        return;
      }
      halt.abort();
      if (body instanceof Readable) body.destroy();
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
  const current: Exchange = { request, outgoing, idle, io, facts, cut: (error) => outgoing.destroy(error) };
  watchConnection(outgoing, request.url.protocol === 'https:', wire.connectMs, {
    reached: () => {
      reached = true;
      idle.arm();
    },
    cut: (error) => current.cut(error),
  });
  setMaxListeners(0, io.signal);
  return converse(current);
}
