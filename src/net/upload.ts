import { once } from 'node:events';
import type { ClientRequest } from 'node:http';
import type { Readable } from 'node:stream';
import { Failure } from '../core/failure.ts';
import type { IdleTimer } from './idle-timer.ts';

/** Bytes written at once from a body in memory: each is a sign of life of a slow connection. */
const SLICE = 64 * 1024;

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += SLICE) yield bytes.subarray(at, at + SLICE);
}

async function drained(outgoing: ClientRequest, halt: AbortSignal): Promise<void> {
  const left = new AbortController();
  const leave = () => left.abort();
  outgoing.once('close', leave);
  halt.addEventListener('abort', leave, { once: true });
  try {
    await once(outgoing, 'drain', { signal: left.signal });
  } catch (thrown) {
    if (!left.signal.aborted) throw thrown;
  } finally {
    outgoing.off('close', leave);
    halt.removeEventListener('abort', leave);
  }
}

function wrongLength(sent: number, length: number): Failure {
  return new Failure({
    kind: 'changed',
    message: `the bytes to send are ${sent}, not ${length} as announced`,
    subject: 'request body',
  });
}

/**
 * Writes the body with back-pressure and ends the request; stops early, with the source destroyed, when `halt` aborts
 * or the request is gone. The idle time runs only while the other side is the one to move.
 * @throws whatever the source throws; Failure changed when it gives more or fewer bytes than announced
 */
export async function upload(
  outgoing: ClientRequest,
  body: Uint8Array | Readable | undefined,
  length: number | undefined,
  idle: IdleTimer,
  halt: AbortSignal,
): Promise<void> {
  let sent = 0;
  const chunks = body instanceof Uint8Array ? slices(body) : (body ?? []);
  for await (const chunk of chunks as AsyncIterable<Uint8Array>) {
    if (halt.aborted || outgoing.destroyed) return;
    sent += chunk.length;
    if (length !== undefined && sent > length) throw wrongLength(sent, length);
    if (!outgoing.write(chunk)) {
      idle.start();
      await drained(outgoing, halt);
      idle.stop();
    }
  }
  if (halt.aborted || outgoing.destroyed) return;
  if (length !== undefined && sent !== length) throw wrongLength(sent, length);
  outgoing.end();
  idle.start();
}
