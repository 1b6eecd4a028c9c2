import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { readFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import type { Bed } from './bed.ts';
import type { TlsFiles } from './tls.ts';

/** One request as it arrived. */
export interface Recorded {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

export interface Listener extends Bed {
  readonly url: string;
  readonly requests: readonly Recorded[];
}

/** Answers a recorded request; the default answer is an empty 200. */
export type Answer = (request: Recorded, response: ServerResponse) => void;

async function record(request: IncomingMessage): Promise<Recorded> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return {
    method: request.method ?? '',
    url: request.url ?? '',
    headers: request.headers,
    body: Buffer.concat(chunks),
  };
}

/** An HTTP listener on a free loopback port that keeps what it was sent. */
export async function startListener(
  answer: Answer = (_, response) => response.end(),
  tls?: TlsFiles,
): Promise<Listener> {
  const requests: Recorded[] = [];
  const handle = (request: IncomingMessage, response: ServerResponse) => {
    record(request).then(
      (recorded) => {
        requests.push(recorded);
        answer(recorded, response);
      },
      () => response.destroy(),
    );
  };
  const server = tls
    ? createTlsServer({ key: await readFile(tls.keyFile), cert: await readFile(tls.certFile) }, handle)
    : createServer(handle);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}`,
    requests,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
