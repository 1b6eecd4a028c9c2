/** Lends buffers that together never exceed a sum, and lends them again: new memory costs more than what is done with it. */
export interface BufferLender {
  /** A buffer of exactly `size` bytes, of any content; undefined while too much is lent. */
  take(size: number): Uint8Array | undefined;
  /** Takes back what `take` gave; nobody may read or write it any more. */
  giveBack(buffer: Uint8Array): void;
}

const MIB = 1024 * 1024;

/** A lender of at most `most` bytes, kept ones included. */
export function createBufferLender(most: number): BufferLender {
  const free: ArrayBuffer[] = [];
  let bytes = 0;
  const drop = (room: number): void => {
    while (bytes > room && free.length > 0) bytes -= free.shift()?.byteLength ?? 0;
  };
  return {
    take: (size) => {
      const capacity = Math.ceil(size / MIB) * MIB;
      const index = free.findIndex(({ byteLength }) => byteLength === capacity);
      const [kept] = index === -1 ? [] : free.splice(index, 1);
      if (kept) return new Uint8Array(kept, 0, size);
      drop(most - capacity);
      if (bytes + capacity > most) return undefined;
      bytes += capacity;
      return new Uint8Array(Buffer.allocUnsafeSlow(capacity).buffer, 0, size);
    },
    giveBack: ({ buffer }) => {
      free.push(buffer as ArrayBuffer);
    },
  };
}
