import { Readable } from 'node:stream';
import { asFailure, Failure } from '../../../core/failure.ts';
import { createTally } from '../../../core/hash.ts';
import type { Io } from '../../../core/io.ts';
import type { Source } from '../../store.ts';

/** Bytes on their way, counted and hashed. */
export interface Counted {
  readonly stream: Readable;
  readonly sent: () => number;
  /** Compares what was sent with the digests announced; asked once, last. @throws Failure corrupt, changed */
  readonly check: () => void;
}

function sourceFailure(thrown: unknown, subject: string): Failure {
  const code = thrown instanceof Error && 'code' in thrown ? String(thrown.code) : undefined;
  if (thrown instanceof Failure || code === undefined) return asFailure(thrown, subject);
  const message = `the bytes for ${subject} cannot be read (${code})`;
  return new Failure({ kind: 'unavailable', message, subject, vendor: { code } }, thrown);
}

/** Counts an opened source; what it throws is its own failure, never one of the connection. */
export function countSource(opened: Readable, source: Source, subject: string, io: Io): Counted {
  const announced = source.checksums.filter(({ scope }) => scope === 'whole');
  const tally = createTally(announced.map(({ algorithm }) => algorithm));
  const pass = async function* (): AsyncGenerator<Buffer> {
    try {
      for await (const chunk of opened as AsyncIterable<Buffer>) {
        tally.add(chunk);
        io.progress?.(chunk.byteLength);
        yield chunk;
      }
    } catch (thrown) {
      throw sourceFailure(thrown, subject);
    }
  };
  const check = () => {
    if (source.size !== undefined && tally.bytes !== source.size) {
      const message = `the source of ${subject} gave ${tally.bytes} bytes, announced were ${source.size}`;
      throw new Failure({ kind: 'changed', message, subject });
    }
    const found = new Map(tally.checksums().map(({ algorithm, value }) => [algorithm, value]));
    for (const { algorithm, value } of announced) {
      if (found.get(algorithm) === value) continue;
      const message = `the bytes for ${subject} have another ${algorithm} than was announced`;
      throw new Failure({ kind: 'corrupt', message, subject });
    }
  };
  return { stream: Readable.from(pass(), { objectMode: false }), sent: () => tally.bytes, check };
}
