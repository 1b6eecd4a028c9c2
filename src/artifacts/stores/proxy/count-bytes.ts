import { Readable } from 'node:stream';
import type { Checksum } from '../../../core/checksum.ts';
import { asFailure, Failure } from '../../../core/failure.ts';
import { createTally, type Tally } from '../../../core/hash.ts';
import type { Io } from '../../../core/io.ts';

/** Bytes on their way, counted. */
export interface Counted {
  readonly stream: Readable;
  readonly tally: Tally;
  /** What the source failed with, if it did. */
  readonly trouble: () => Failure | undefined;
}

function troubleOf(thrown: unknown, subject: string): Failure {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined;
  if (thrown instanceof Failure || code === undefined) return asFailure(thrown, subject);
  const message = `the bytes for ${subject} cannot be read (${code})`;
  return new Failure({ kind: 'unavailable', message, subject, vendor: { code } }, thrown);
}

/** Passes bytes on and counts them. What a source throws is its own failure, never one of the connection. */
export function countBytes(
  source: Readable,
  subject: string,
  io: Io,
  algorithms: readonly Checksum['algorithm'][] = [],
): Counted {
  const tally = createTally(algorithms);
  let trouble: Failure | undefined;
  const pass = async function* (): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of source as AsyncIterable<Buffer>) {
        tally.add(chunk);
        io.progress?.(chunk.byteLength);
        yield chunk;
      }
    } catch (thrown) {
      trouble = troubleOf(thrown, subject);
      throw trouble;
    }
  };
  return { stream: Readable.from(pass(), { objectMode: false }), tally, trouble: () => trouble };
}
