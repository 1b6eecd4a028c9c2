import type { FileHandle } from 'node:fs/promises';

/** From how many waiting bytes on they are written: smaller writes cost more calls, larger ones more memory. */
const WRITE_BYTES = 512 * 1024;

/** Writes chunks one after another, as few large writes of which one is under way while the next one is gathered. */
export interface Joined {
  /** How many bytes were added. */
  readonly bytes: number;
  /** What a write failed with; nothing more is written then. */
  readonly trouble: { readonly thrown: unknown } | undefined;
  /** Takes a chunk, which must not change any more. A promise where the next one has to wait for it; it never rejects. */
  add(chunk: Uint8Array): Promise<void> | undefined;
  /** Resolves when nothing is under way any more; only then may the file be closed. It never rejects. */
  settle(): Promise<void>;
  /** Writes what is left. @throws what a write failed with */
  end(): Promise<void>;
}

/** Chunks for `handle`, from `at` on. */
export function writeJoined(handle: FileHandle, at: number): Joined {
  let held: Uint8Array[] = [];
  let heldBytes = 0;
  let bytes = 0;
  let trouble: Joined['trouble'];
  let writing: Promise<void> = Promise.resolve();
  const write = async (chunks: readonly Uint8Array[], from: number, size: number): Promise<void> => {
    try {
      await writeChunks(handle, chunks, from, size);
    } catch (thrown) {
      trouble ??= { thrown };
    }
  };
  const flush = (): Promise<void> => {
    const earlier = writing;
    const [chunks, size, from] = [held, heldBytes, at + bytes - heldBytes];
    held = [];
    heldBytes = 0;
    writing = earlier.then(async () => (trouble ? undefined : write(chunks, from, size)));
    return earlier;
  };
  return {
    get bytes() {
      return bytes;
    },
    get trouble() {
      return trouble;
    },
    add: (chunk) => {
      held.push(chunk);
      heldBytes += chunk.byteLength;
      bytes += chunk.byteLength;
      return heldBytes < WRITE_BYTES ? undefined : flush();
    },
    settle: async () => writing,
    end: async () => {
      if (heldBytes > 0) void flush();
      await writing;
      if (trouble) throw trouble.thrown;
    },
  };
}

async function writeChunks(
  handle: FileHandle,
  chunks: readonly Uint8Array[],
  from: number,
  size: number,
): Promise<void> {
  for (let done = 0; done < size;) {
    const left = done === 0 ? chunks : withoutFirst(chunks, done);
    done += (await handle.writev(left, from + done)).bytesWritten;
  }
}

function withoutFirst(chunks: readonly Uint8Array[], bytes: number): readonly Uint8Array[] {
  let skip = bytes;
  return chunks.flatMap((chunk) => {
    const cut = Math.min(skip, chunk.byteLength);
    skip -= cut;
    return cut === chunk.byteLength ? [] : [chunk.subarray(cut)];
  });
}
