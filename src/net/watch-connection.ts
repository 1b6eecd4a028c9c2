import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { codeOf, connectTimeout, proxyRefusal } from './connection-failure.ts';

/** How long an answer may take to arrive after the other side stopped reading, in ms. */
const LAST_WORD_MS = 2_000;

const patient = new WeakSet<Socket>();

type Written = (error?: Error | null) => void;

/**
 * Holds a failed write back until the other side's last words were read: a server that refuses an upload (413) answers
 * and closes, and the write error of the closed connection would otherwise destroy the answer unread.
 */
function hearTheLastWord(socket: Socket): void {
  if (patient.has(socket)) return;
  patient.add(socket);
  const later = (written: Written): Written => {
    return (error) => {
      const cut = codeOf(error) === 'EPIPE' || codeOf(error) === 'ECONNRESET';
      if (!cut || socket.readableEnded || socket.destroyed) {
        written(error);
        return;
      }
      const timer = setTimeout(() => written(error), LAST_WORD_MS);
      const tell = () => {
        clearTimeout(timer);
        written(error);
      };
      socket.once('end', tell);
      socket.once('close', tell);
    };
  };
  const write = socket._write.bind(socket);
  socket._write = (chunk, encoding, written) => write(chunk, encoding, later(written));
  const writev = socket._writev?.bind(socket);
  if (writev) socket._writev = (chunks, written) => writev(chunks, later(written));
}

/**
 * Bounds the time that a connection takes, in ms: calls `cut` when it is over or a proxy refuses, and `reached` when the
 * connection is made, TLS included, so that before that no byte of the request left.
 */
export function watchConnection(
  outgoing: ClientRequest,
  secure: boolean,
  connectMs: number,
  told: { reached(): void; cut(error: Error): void },
): void {
  if (secure)
    outgoing.once('proxyConnect', (answer: IncomingMessage) => {
      if (answer.statusCode !== 200) told.cut(proxyRefusal(answer.statusCode ?? 0));
    });
  outgoing.once('socket', (socket) => {
    hearTheLastWord(socket);
    if (outgoing.reusedSocket || (!secure && !socket.connecting)) {
      told.reached();
      return;
    }
    const timer = setTimeout(() => told.cut(connectTimeout()), connectMs);
    outgoing.once('close', () => clearTimeout(timer));
    socket.once(secure ? 'secureConnect' : 'connect', () => {
      clearTimeout(timer);
      told.reached();
    });
  });
}
