import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import type { Bed } from './bed.ts';

/** One request that was answered. */
export interface Passed {
  readonly method: string;
  /** Path and query. */
  readonly url: string;
  readonly range: string | undefined;
  readonly status: number;
  /** When the whole answer had passed, in ms since the epoch. */
  readonly at: number;
}

export interface CountingProxy extends Bed {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  /** What has passed whole since it was asked last. */
  take(): readonly Passed[];
  readonly count: number;
}

/**
 * An HTTP proxy in front of one server that passes everything on as it is, and counts; each request waits for `before`,
 * which may give the status of an answer of its own.
 */
export async function startCountingProxy(
  upstream: string,
  before?: (method: string, url: string) => Promise<number | undefined>,
): Promise<CountingProxy> {
  const target = new URL(upstream);
  let passed: Passed[] = [];
  let count = 0;
  const pass = (asked: IncomingMessage, answer: ServerResponse): void => {
    const { method = '', url = '', headers } = asked;
    const onward = request(
      { host: target.hostname, port: target.port, method, path: url, headers },
      (response) => {
        const status = response.statusCode ?? 0;
        answer.writeHead(status, response.rawHeaders);
        pipeline(response, answer, (error) => {
          if (error) return;
          count += 1;
          passed.push({ method, url, range: headers.range, status, at: Date.now() });
        });
      },
    );
    onward.on('error', () => answer.destroy());
    pipeline(asked, onward, () => undefined);
    answer.on('close', () => {
      if (!answer.writableFinished) onward.destroy();
    });
  };
  const server = createServer((asked, answer) => {
    if (!before) pass(asked, answer);
    else
      before(asked.method ?? '', asked.url ?? '').then(
        (status) => {
          if (status === undefined) pass(asked, answer);
          else answer.writeHead(status).end();
        },
        (thrown: unknown) => answer.destroy(thrown instanceof Error ? thrown : new Error(String(thrown))),
      );
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    get count() {
      return count;
    },
    take: () => {
      const taken = passed;
      passed = [];
      return taken;
    },
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
