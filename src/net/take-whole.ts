import type { IncomingMessage } from 'node:http';
import { MOST_HELD } from '../core/held-bytes.ts';
import type { IdleTimer } from './idle-timer.ts';
import { cutShort } from './response-body.ts';

/** Whether an answer says that it is small, or has no body at all. */
export function isSmall({ headers }: IncomingMessage, method: string): boolean {
  const told = headers['content-length'];
  return method === 'HEAD' || (told !== undefined && Number(told) <= MOST_HELD);
}

/** Takes all bytes of a small answer; what it fails with may be told more than once. */
export function takeWhole(
  incoming: IncomingMessage,
  idle: IdleTimer,
  told: { whole(bytes: Buffer): void; failed(error: unknown): void },
): void {
  const chunks: Buffer[] = [];
  idle.start();
  incoming.on('data', (chunk: Buffer) => {
    idle.start();
    chunks.push(chunk);
  });
  incoming.on('end', () => {
    const [only] = chunks;
    told.whole(only && chunks.length === 1 ? only : Buffer.concat(chunks));
  });
  incoming.on('error', (error) => told.failed(error));
  incoming.on('close', () => {
    if (!incoming.complete) told.failed(cutShort());
  });
  incoming.resume();
}
