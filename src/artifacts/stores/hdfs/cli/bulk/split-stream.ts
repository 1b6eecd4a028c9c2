import type { Readable } from 'node:stream';

/** What takes the bytes of one item. */
export interface Sink {
  write(chunk: Buffer): Promise<void>;
  /** Called once, when all of its bytes came, or when no more come. */
  end(): Promise<void>;
}

/**
 * Cuts a stream of things one after the other into them, by their sizes in bytes.
 * @returns whether it held exactly as many bytes as all sizes together
 */
export async function splitStream<T extends { readonly size: number }>(
  stream: Readable,
  things: readonly T[],
  open: (thing: T) => Promise<Sink>,
): Promise<boolean> {
  const chunks = (stream as AsyncIterable<Buffer>)[Symbol.asyncIterator]();
  let rest: Buffer = Buffer.alloc(0);
  let short = false;
  try {
    for (const thing of things) {
      const sink = await open(thing);
      try {
        for (let left = thing.size; left > 0 && !short;) {
          if (rest.byteLength === 0) {
            const next = await chunks.next();
            short = next.done === true;
            rest = next.done === true ? rest : next.value;
            continue;
          }
          const part = rest.subarray(0, left);
          await sink.write(part);
          rest = rest.subarray(part.byteLength);
          left -= part.byteLength;
        }
      } finally {
        await sink.end();
      }
    }
    return !short && rest.byteLength === 0 && (await chunks.next()).done === true;
  } finally {
    await chunks.return?.();
  }
}
