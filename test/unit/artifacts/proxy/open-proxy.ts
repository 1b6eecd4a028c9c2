import type { ServerResponse } from 'node:http';
import { connectProxy, type ProxyStore } from '../../../../src/artifacts/stores/proxy/connect-proxy.ts';
import type { DirectOptions } from '../../../../src/artifacts/stores/proxy/direct.ts';
import { systemClock } from '../../../../src/core/clock.ts';
import { Failure } from '../../../../src/core/failure.ts';
import type { Io } from '../../../../src/core/io.ts';
import { parseArtifactPath } from '../../../../src/core/artifact-path.ts';
import type { Authorizer } from '../../../../src/net/authorizer.ts';
import { createNet } from '../../../../src/net/create-net.ts';
import { startListener, type Answer, type Listener } from '../../../testbeds/listener.ts';

export const io: Io = { signal: new AbortController().signal };
export const at = parseArtifactPath;
export const SERVICE = '/api/2.0/mlflow-artifacts/artifacts';

/** Credentials for these hosts alone. */
export function authorizerFor(...hosts: string[]): Authorizer {
  return {
    hosts,
    authorize: async (_method, url) => (hosts.includes(url.host) ? { authorization: 'Basic c2VjcmV0' } : {}),
  };
}

export interface Opened extends Listener {
  readonly store: ProxyStore;
}

/** A store whose server answers as told, at root `0/r`. */
export async function openProxy(
  answer: Answer,
  options: {
    readonly root?: string;
    readonly trusted?: boolean;
    readonly allowRedirects?: boolean;
    readonly direct?: DirectOptions;
  } = {},
): Promise<Opened> {
  const listener = await startListener(answer);
  const net = createNet({ verifyTls: true, connectMs: 5_000, idleMs: 10_000, maxSockets: 8 });
  const { root = '/0/r', trusted = true, allowRedirects = true, direct } = options;
  const url = new URL(`${listener.url}${SERVICE}${root}`);
  const store = connectProxy({
    url,
    net,
    authorizer: authorizerFor(...(trusted ? [url.host] : [])),
    clock: systemClock,
    label: 'mlflow-artifacts:/0/r',
    allowRedirects,
    ...(direct ? { direct } : {}),
  });
  const stop = async () => {
    net.close();
    await listener.stop();
  };
  return { ...listener, store, stop };
}

/** Answers with JSON. */
export function json(response: ServerResponse, status: number, body: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

/** The Failure that a promise rejects with; anything else fails the test. */
export async function failureOf(promise: Promise<unknown>): Promise<Failure> {
  try {
    await promise;
  } catch (thrown) {
    if (thrown instanceof Failure) return thrown;
    throw thrown;
  }
  throw new Error('it did not fail');
}
