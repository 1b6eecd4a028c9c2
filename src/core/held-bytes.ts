import { Readable } from 'node:stream';

/** Up to which size bytes are held at once rather than streamed, in bytes: a stream costs more than few bytes do. */
export const MOST_HELD = 256 * 1024;

/** Bytes of a larger body in memory that are sent at once: each such slice is a sign of life of a slow connection. */
export const SLICE_BYTES = 256 * 1024;

/** Bytes in slices, without a copy. */
export function* slicesOf(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += SLICE_BYTES) yield bytes.subarray(at, at + SLICE_BYTES);
}

/** Bytes as a stream, for whoever takes no other. */
export function streamOf(bytes: Uint8Array): Readable {
  return new Readable({
    read() {
      this.push(bytes);
      this.push(null);
    },
  });
}
