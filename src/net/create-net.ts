import { Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import { createAgents } from './agents.ts';
import { connectionFailure } from './connection-failure.ts';
import { exchange, StaleConnection, subjectOf, type Wire } from './exchange.ts';
import { netNames } from './net-names.ts';
import { readTrust } from './tls-trust.ts';
import type { Net, NetOptions, NetRequest, NetResponse } from './net.ts';

const MAX_REDIRECTS = 5;
/** Methods whose repetition changes nothing (RFC 9110 section 9.2.2). */
const IDEMPOTENT = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS']);

function replayable(request: NetRequest): boolean {
  return request.body === undefined || request.body instanceof Uint8Array;
}

/** The same request for a second time; undefined where it must not or cannot be sent again. */
async function secondTime(request: NetRequest): Promise<NetRequest | undefined> {
  if (request.repeatable === undefined && !IDEMPOTENT.has(request.method)) return undefined;
  if (replayable(request)) return request;
  return request.reopen ? { ...request, body: await request.reopen() } : undefined;
}

/** A connection that was closed just when it was used again says nothing about the server: ask once more, afresh. */
async function exchangeFresh(request: NetRequest, wire: Wire, io: Io): Promise<NetResponse> {
  let current = request;
  for (let again = false; ; again = true) {
    try {
      return await exchange(current, wire, io);
    } catch (thrown) {
      if (!(thrown instanceof StaleConnection)) throw thrown;
      const second = again ? undefined : await secondTime(request);
      if (!second) throw thrown.failure;
      current = second;
      for (const agent of [wire.agents.http, wire.agents.https]) {
        for (const socket of Object.values(agent.freeSockets).flat()) socket?.destroy();
      }
      io.trace?.('reconnect', { subject: subjectOf(request) });
    }
  }
}

/** Where an answer sends this request, if it may go there. */
function redirectTarget(request: NetRequest, response: NetResponse): URL | undefined {
  const location = response.headers['location'];
  if (location === undefined || !URL.canParse(location, request.url.href)) return undefined;
  const reads = request.method === 'GET' || request.method === 'HEAD';
  const follows = reads ? [301, 302, 303, 307, 308] : [307, 308];
  if (!follows.includes(response.status) || !replayable(request)) return undefined;
  const to = new URL(location, request.url);
  return to.protocol === 'http:' || to.protocol === 'https:' ? to : undefined;
}

function tooManyRedirects(request: NetRequest): Failure {
  return new Failure({
    kind: 'misconfigured',
    message: `${request.url.host} redirects more than ${MAX_REDIRECTS} times`,
    subject: subjectOf(request),
    hint: 'check the URI and the proxy in front of the server',
  });
}

async function send(request: NetRequest, wire: Wire, io: Io): Promise<NetResponse> {
  let current = request;
  for (let hops = 0; ; hops += 1) {
    const response = await exchangeFresh(current, wire, io);
    if (request.redirect === 'manual') return response;
    const to = redirectTarget(current, response);
    if (to === undefined) return response;
    response.body.destroy();
    if (hops === MAX_REDIRECTS) throw tooManyRedirects(request);
    current = { ...current, url: to, headers: await request.redirect(to) };
  }
}

/**
 * HTTP/1.1 over kept-alive node:http agents. Bodies are asked for and given as they are stored (`accept-encoding:
 * identity`); no progress is reported, whoever reads or writes the bytes does that. A proxy is loaded when one applies.
 * @throws Failure misconfigured: a file that cannot be read, naming it and its setting
 */
export function createNet(options: NetOptions): Net {
  const pool = createAgents(options, readTrust(options));
  const wire: Wire = {
    agents: pool.agents,
    connectMs: options.connectMs,
    ...(options.idleMs === undefined ? {} : { idleMs: options.idleMs }),
    names: netNames(options),
  };
  return {
    agents: pool.agents,
    send: (request, io) => send(request, wire, io),
    failure: (error, { subject, host }) =>
      connectionFailure(error, { subject, host, reached: false, ...wire }),
    close: () => pool.close(),
  };
}
