import { createServer, request as send, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Bed } from '../testbeds/bed.ts';

/** One request on its way through a front. */
export interface Passed {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingHttpHeaders;
  /** Body bytes that the client sent, and that it was given. */
  sent: number;
  given: number;
  /** Of the answer; 0 until there is one. */
  status: number;
}

/** A plain HTTP server in front of another one: it passes everything on as it is, and counts. */
export interface Front extends Bed {
  readonly url: string;
  /** `host:port` */
  readonly host: string;
  readonly passed: Passed[];
  /** Passes to this origin; until it is told, nowhere. */
  target: string;
  /** Whether it answered itself, instead of passing the request on. */
  intercept: (passed: Passed, response: ServerResponse) => boolean;
  /** Whether the answer is dropped and the connection reset, once the other side has answered. */
  drop: (passed: Passed) => boolean;
  /** After how many bytes of the answer's body the connection is reset. */
  cut: (passed: Passed) => number;
}

/** Starts a front on a free loopback port. */
export async function startFront(target = ''): Promise<Front> {
  const passed: Passed[] = [];
  const server = createServer((incoming, response) => {
    const url = new URL(incoming.url ?? '', front.target);
    const { method = '', headers } = incoming;
    const one: Passed = { method, url, headers, sent: 0, given: 0, status: 0 };
    passed.push(one);
    if (front.intercept(one, response)) {
      incoming.resume();
      return;
    }
    incoming.on('data', (chunk: Buffer) => (one.sent += chunk.byteLength));
    const outgoing = send(url, { method, headers }, (answer) => {
      one.status = answer.statusCode ?? 0;
      if (front.drop(one)) {
        answer.resume().once('end', () => incoming.socket.resetAndDestroy());
        return;
      }
      const most = front.cut(one);
      answer.on('data', (chunk: Buffer) => {
        one.given += chunk.byteLength;
        if (one.given > most) setImmediate(() => incoming.socket.resetAndDestroy());
      });
      response.writeHead(one.status, answer.rawHeaders);
      answer.pipe(response);
    });
    outgoing.on('error', () => response.destroy());
    response.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const front: Front = {
    url: `http://${host}`,
    host,
    passed,
    target,
    intercept: () => false,
    drop: () => false,
    cut: () => Infinity,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
  return front;
}

/** Body bytes that passed in either direction. */
export function bytesOf(front: Front): { readonly sent: number; readonly given: number } {
  const sum = (what: 'sent' | 'given') => front.passed.reduce((total, one) => total + one[what], 0);
  return { sent: sum('sent'), given: sum('given') };
}
