import type { ClientRequest } from 'node:http';
import type { Readable } from 'node:stream';
import { Failure } from '../core/failure.ts';
import { SLICE_BYTES, slicesOf } from '../core/held-bytes.ts';
import type { IdleTimer } from './idle-timer.ts';

/** A body on its way. */
export interface Sending {
  /** Resolves when the body was handed over whole, or `halt` ended that; absent when it was handed over at once. */
  readonly sent?: Promise<void>;
  /** Ends the sending; the source is destroyed. */
  halt(): void;
}

/** Waits until more may be written, or nothing is to be written any more. */
function drained(outgoing: ClientRequest, halt: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      outgoing.off('drain', done);
      outgoing.off('close', done);
      halt.removeEventListener('abort', done);
      resolve();
    };
    outgoing.once('drain', done);
    outgoing.once('close', done);
    halt.addEventListener('abort', done, { once: true });
  });
}

function wrongLength(sent: number, length: number): Failure {
  return new Failure({
    kind: 'changed',
    message: `the bytes to send are ${sent}, not ${length} as announced`,
    subject: 'request body',
  });
}

async function write(
  outgoing: ClientRequest,
  body: Uint8Array | Readable,
  length: number | undefined,
  idle: IdleTimer,
  halt: AbortSignal,
): Promise<void> {
  let sent = 0;
  const chunks = body instanceof Uint8Array ? slicesOf(body) : body;
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

/**
 * Writes the body with back-pressure and ends the request; stops early when halted or when the request is gone. The idle
 * time runs only while the other side is the one to move. `sent` rejects with whatever the source throws, and with
 * Failure changed when it gives more or fewer bytes than announced.
 */
export function upload(
  outgoing: ClientRequest,
  body: Uint8Array | Readable | undefined,
  length: number | undefined,
  idle: IdleTimer,
): Sending {
  if (body === undefined || (body instanceof Uint8Array && body.length <= SLICE_BYTES)) {
    outgoing.end(body);
    idle.start();
    return { halt: () => undefined };
  }
  const stop = new AbortController();
  return {
    sent: write(outgoing, body, length, idle, stop.signal).catch((error: unknown) => {
      if (!stop.signal.aborted) throw error;
    }),
    halt: () => {
      stop.abort();
      if (!(body instanceof Uint8Array)) body.destroy();
    },
  };
}
