import type { TLSSocket } from 'node:tls';
import type { Io } from '../../core/io.ts';
import { readStart } from '../../net/read-body.ts';
import type { Context, TrackingServer } from '../context.ts';
import { sharedLook } from './shared-look.ts';

/** What the tracking server, or a proxy before it, answered. */
export interface ServerAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Its start, as text. */
  readonly body: string;
  /** Until the answer began, in ms. */
  readonly tookMs: number;
  /** When it began by our clock, in ms since the epoch. */
  readonly at: number;
}

/** One request to the tracking server; redirects are an answer. */
export interface ServerQuestion {
  readonly method?: 'GET' | 'PUT' | 'POST';
  /** Below the tracking URI, encoded. */
  readonly path: string;
  readonly body?: Uint8Array;
  /** How long the connection may be silent, in ms. */
  readonly idleMs?: number;
}

const MAX_BYTES = 64 * 1024;

/**
 * Asks the tracking server once, with the client's credentials; any status is an answer.
 * @throws Failure of the connection
 */
export async function askServer(
  { uri, net, authorizer }: TrackingServer,
  { method = 'GET', path, body, idleMs }: ServerQuestion,
  { clock }: Context,
  io: Io,
): Promise<ServerAnswer> {
  const url = new URL(`${uri}${path}`);
  const plain = { 'user-agent': 'mlstow' };
  const headers = { ...plain, ...(await authorizer.authorize(method, url, plain, body)) };
  const asked = clock.now();
  const rest = { ...(body ? { body } : {}), ...(idleMs === undefined ? {} : { idleMs }) };
  const response = await net.send({ method, url, headers, redirect: 'manual', ...rest }, io);
  const at = clock.now();
  const { status, headers: told } = response;
  return { status, headers: told, body: await readStart(response, MAX_BYTES), tookMs: at - asked, at };
}

/** The first knock at the server's door: the version, which MLflow tells everybody. @throws Failure of the connection */
export const knock = sharedLook(async (context, io) => {
  const server = await context.server();
  return askServer(server, { path: '/version' }, context, io);
});

/** The certificate by which a kept connection to the server was made; undefined without TLS. */
export function certificateOf({
  net,
}: TrackingServer): ReturnType<TLSSocket['getPeerCertificate']> | undefined {
  const kept = Object.values(net.agents.https.freeSockets).flat();
  const [socket] = kept.filter(
    (each): each is TLSSocket => each !== undefined && 'getPeerCertificate' in each,
  );
  const found = socket?.getPeerCertificate();
  return found && 'valid_to' in found ? found : undefined;
}
