import { finished, type Readable } from 'node:stream';
import type { Io } from '../../core/io.ts';

/**
 * All bytes of a stream at once, where they are known to be few; each chunk is told to `progress`. A stream that gives
 * more than `most` bytes is cut: what is returned then is longer than that.
 * @throws what the stream fails with; when `signal` aborts, something of no meaning
 */
export async function gather(stream: Readable, most: number, { signal, progress }: Io): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  const stop = () => void stream.destroy();
  if (signal.aborted) stop();
  signal.addEventListener('abort', stop, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      finished(stream, { writable: false }, (error) => {
        if (error && bytes <= most) reject(error);
        else resolve();
      });
      stream.on('data', (chunk: Buffer) => {
        chunks.push(chunk);
        bytes += chunk.byteLength;
        progress?.(chunk.byteLength);
        if (bytes > most) stop();
      });
    });
  } finally {
    signal.removeEventListener('abort', stop);
  }
  const [only] = chunks;
  return chunks.length === 1 && only ? only : Buffer.concat(chunks, bytes);
}
