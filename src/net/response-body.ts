import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import type { Failure } from '../core/failure.ts';
import type { IdleTimer } from './idle-timer.ts';

/** What a body needs to know of its exchange. */
export interface BodyHooks {
  readonly idle: IdleTimer;
  /** Any error as a Failure. */
  fail(error: unknown): Failure;
  /** Called once, when the body is read whole or given up. */
  release(): void;
}

/** What reading an answer fails with that ends before its end. */
export function cutShort(): Error {
  return Object.assign(new Error('the answer was cut short'), { code: 'ECONNRESET' });
}

/** The bytes of an answer: fails with a Failure, never ends short, and is not silent merely because nobody reads. */
export function responseBody(incoming: IncomingMessage, hooks: BodyHooks): Readable {
  const { idle } = hooks;
  incoming.pause();
  const body = new Readable({
    read() {
      idle.start();
      incoming.resume();
    },
    destroy(error, callback) {
      idle.stop();
      if (!incoming.complete || !incoming.readableEnded) incoming.destroy();
      hooks.release();
      callback(error === null ? null : hooks.fail(error));
    },
  });
  incoming.on('data', (chunk: Buffer) => {
    if (body.push(chunk)) {
      idle.start();
      return;
    }
    idle.stop();
    incoming.pause();
  });
  incoming.on('end', () => {
    idle.stop();
    body.push(null);
  });
  incoming.on('error', (error) => body.destroy(error));
  incoming.on('close', () => {
    if (!incoming.complete) body.destroy(cutShort());
  });
  return body;
}
