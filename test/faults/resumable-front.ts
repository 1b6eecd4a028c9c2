import { createServer, request, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { pipeline } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import type { Bed } from '../testbeds/bed.ts';

export interface ResumableFront extends Bed {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
}

/** What the server last said of a session. */
interface Said {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer;
}

/** A question for what a session has; `bytes *` with `/0` ends one of no bytes. */
const STATUS_QUERY = /^bytes \*\/(?:\*|[1-9]\d*)$/;
/** https://cloud.google.com/storage/docs/performing-resumable-uploads#status-check */
const NOTHING_YET: Said = { status: 308, headers: {}, body: Buffer.alloc(0) };

function say(answer: ServerResponse, { status, headers, body }: Said): void {
  answer.writeHead(status, { ...headers, 'content-length': body.byteLength }).end(body);
}

async function saidBy(response: IncomingMessage): Promise<Said> {
  const { range, 'content-type': type } = response.headers;
  const headers = { ...(range ? { range } : {}), ...(type ? { 'content-type': type } : {}) };
  return { status: response.statusCode ?? 0, headers, body: await buffer(response) };
}

/**
 * Answers in place of fake-gcs-server what a resumable session has, as Google documents it; everything else is its own.
 * The emulator takes that question for the end of the upload and publishes an object without bytes.
 */
export async function startResumableFront(upstream: string): Promise<ResumableFront> {
  const { hostname: host, port } = new URL(upstream);
  const sessions = new Map<string, Said>();
  const server = createServer((asked, answer) => {
    const { method = '', url = '', headers } = asked;
    const session = new URL(url, upstream).searchParams.get('upload_id');
    if (session !== null && STATUS_QUERY.test(headers['content-range'] ?? '')) {
      asked.resume();
      say(answer, sessions.get(session) ?? NOTHING_YET);
      return;
    }
    const onward = request({ host, port, method, path: url, headers }, (response) => {
      if (session === null || method !== 'PUT') {
        answer.writeHead(response.statusCode ?? 0, response.rawHeaders);
        pipeline(response, answer, () => undefined);
        return;
      }
      saidBy(response).then(
        (said) => {
          if (said.status < 400) sessions.set(session, said);
          say(answer, said);
        },
        () => answer.destroy(),
      );
    });
    onward.on('error', () => answer.destroy());
    pipeline(asked, onward, () => undefined);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: async () => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      await closed;
    },
  };
}
