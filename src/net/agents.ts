import { Agent as HttpAgent, type ClientRequest, type RequestOptions } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { checkServerIdentity } from 'node:tls';
import { setMaxListeners } from 'node:events';
import type { Duplex } from 'node:stream';
import { connectTimeout } from './connection-failure.ts';
import { proxyFor, type Destination } from './proxy-choice.ts';
import type { TlsTrust } from './tls-trust.ts';
import type { Net, NetOptions } from './net.ts';

/**
 * How long an unused connection is kept, in ms: less than the 5 s after which uvicorn, MLflow's server, closes it
 * (https://www.uvicorn.org/settings/#timeouts), so that a request rarely meets a closing one.
 */
const KEEP_MS = 4_000;

/** How long one of several addresses of a name may take before the next is tried too, in ms. */
const NEXT_ADDRESS_MS = 1_000;

/** `addRequest` is how http.request hands a request to its agent; the types do not show it. */
interface Queue {
  addRequest(request: ClientRequest, options: RequestOptions): void;
}

interface ProxyAgent extends Queue {
  connect(request: ClientRequest, options: unknown): Promise<Duplex>;
  destroy(): void;
}

/** The agents of one Net and how to close them. */
export interface Agents {
  readonly agents: Net['agents'];
  close(): void;
}

function destinationOf(options: RequestOptions, secure: boolean): Destination {
  const host = (options.hostname ?? options.host ?? 'localhost').replace(/^\[|\]$/g, '');
  return { secure, host, port: Number(options.port ?? (secure ? 443 : 80)) };
}

/** Bounds the time that the proxy takes to connect; the proxy packages set no limit. */
function bounded(agent: ProxyAgent, connectMs: number): ProxyAgent {
  const connect = agent.connect.bind(agent);
  agent.connect = (request, options) =>
    new Promise((resolve, reject) => {
      let late = false;
      const timer = setTimeout(() => {
        late = true;
        reject(connectTimeout());
      }, connectMs);
      connect(request, options)
        .then((socket) => (late ? socket.destroy() : resolve(socket)), reject)
        .finally(() => clearTimeout(timer));
    });
  return agent;
}

async function loadProxyAgent(proxy: URL, secure: boolean, options: object): Promise<ProxyAgent> {
  if (secure) {
    const { HttpsProxyAgent } = await import('https-proxy-agent');
    return new HttpsProxyAgent(proxy, options) as unknown as ProxyAgent;
  }
  const { HttpProxyAgent } = await import('http-proxy-agent');
  return new HttpProxyAgent(proxy, options);
}

/** Sends a request of `direct` through a proxy when one applies, so that an SDK given the agent obeys NO_PROXY too. */
function route(
  direct: HttpAgent,
  choose: (to: Destination) => Promise<Queue> | undefined,
  secure: boolean,
  trust: TlsTrust,
): void {
  const queue = direct as unknown as Queue;
  const straight = queue.addRequest.bind(queue);
  queue.addRequest = (request, options) => {
    const to = destinationOf(options, secure);
    const pending = choose(to);
    if (pending === undefined) {
      straight(request, options);
      return;
    }
    // The tunnel package forgets an address as the name to check.
    const identity: typeof checkServerIdentity = (_, certificate) =>
      checkServerIdentity(to.host, certificate);
    // Told outright: the package would look for `protocol`, which SDKs leave out, and then speak plain text to a TLS port.
    const secureEndpoint = secure;
    const tunnelled = secure
      ? { ...options, ...trust, checkServerIdentity: identity, secureEndpoint }
      : { ...options, secureEndpoint };
    pending.then(
      (agent) => agent.addRequest(request, tunnelled),
      (error: unknown) => request.emit('error', error),
    );
  };
}

/** Keep-alive agents with the trust and the proxies of `options`. */
export function createAgents(options: NetOptions, trust: TlsTrust): Agents {
  const closing = new AbortController();
  setMaxListeners(0, closing.signal);
  const pool = { keepAlive: true, maxSockets: options.maxSockets, timeout: KEEP_MS };
  const plain = { ...pool, autoSelectFamilyAttemptTimeout: NEXT_ADDRESS_MS };
  const agents = { http: new HttpAgent(plain), https: new HttpsAgent({ ...plain, ...trust }) };
  const proxied = new Map<string, Promise<ProxyAgent>>();
  const choose = (to: Destination): Promise<Queue> | undefined => {
    const proxy = proxyFor(to, options);
    if (proxy === undefined) return undefined;
    const key = `${to.secure} ${proxy.href}`;
    const settings = { ...pool, ...trust, signal: closing.signal };
    const agent =
      proxied.get(key) ??
      loadProxyAgent(proxy, to.secure, settings).then((loaded) => bounded(loaded, options.connectMs));
    proxied.set(key, agent);
    return agent;
  };
  if (options.httpProxy) route(agents.http, choose, false, trust);
  if (options.httpsProxy) route(agents.https, choose, true, trust);
  return {
    agents,
    close: () => {
      agents.http.destroy();
      agents.https.destroy();
      closing.abort();
      for (const agent of proxied.values()) {
        agent.then(
          (loaded) => loaded.destroy(),
          () => undefined,
        );
      }
    },
  };
}
