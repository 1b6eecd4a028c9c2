import {
  createServer as createTcpServer,
  connect,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net';
import { createServer, type Server as HttpServer } from 'node:http';
import { Failure } from '../../../src/core/failure.ts';
import type { Io } from '../../../src/core/io.ts';
import type { NetOptions, NetRequest } from '../../../src/net/net.ts';

export const io: Io = { signal: new AbortController().signal };

export const plainOptions: NetOptions = { verifyTls: true, connectMs: 5_000, maxSockets: 8 };

/** A GET that stays where it is, with some facts replaced. */
export function get(url: string | URL, more: Partial<NetRequest> = {}): NetRequest {
  return { method: 'GET', url: new URL(url), headers: {}, redirect: 'manual', ...more };
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

export interface Place {
  readonly port: number;
  readonly url: string;
  stop(): Promise<void>;
}

async function listening(server: Server | HttpServer, sockets: Set<Socket>): Promise<Place> {
  server.on('connection', (socket: Socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    port,
    url: `http://127.0.0.1:${port}`,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const socket of sockets) socket.destroy();
      await closed;
    },
  };
}

/** A TCP listener that speaks as `talk` says. */
export async function startTcp(talk: (socket: Socket) => void): Promise<Place> {
  return listening(createTcpServer(talk), new Set());
}

export interface Proxy extends Place {
  /** What it was asked for: `CONNECT host:port` or `GET http://…`. */
  readonly asked: string[];
  readonly credentials: (string | undefined)[];
}

/** An HTTP proxy: tunnels CONNECT, answers everything else itself. `refusal`: the status it gives instead. */
export async function startProxy(refusal?: number): Promise<Proxy> {
  const asked: string[] = [];
  const credentials: (string | undefined)[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((request, response) => {
    asked.push(`${request.method ?? ''} ${request.url ?? ''}`);
    credentials.push(request.headers['proxy-authorization']);
    response.end('by the proxy');
  });
  server.on('connect', (request, client: Socket) => {
    asked.push(`CONNECT ${request.url ?? ''}`);
    credentials.push(request.headers['proxy-authorization']);
    if (refusal !== undefined) {
      client.end(`HTTP/1.1 ${refusal} No\r\ncontent-length: 0\r\n\r\n`);
      return;
    }
    const [host = '', port = ''] = (request.url ?? '').split(':');
    const upstream = connect(Number(port), host, () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    sockets.add(upstream);
    upstream.on('error', () => client.destroy());
  });
  return { ...(await listening(server, sockets)), asked, credentials };
}
