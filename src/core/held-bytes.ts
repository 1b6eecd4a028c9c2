import { Readable } from 'node:stream';

/** Up to which size bytes are held at once rather than streamed, in bytes: a stream costs more than few bytes do. */
export const MOST_HELD = 256 * 1024;

/** Bytes as a stream, for whoever takes no other. */
export function streamOf(bytes: Uint8Array): Readable {
  return new Readable({
    read() {
      this.push(bytes);
      this.push(null);
    },
  });
}
