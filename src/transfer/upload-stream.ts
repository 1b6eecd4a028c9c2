import type { Readable } from 'node:stream';
import { bytesSource } from '../artifacts/sources.ts';
import type { ArtifactStore, Multipart, Receipt, Source, Stored } from '../artifacts/store.ts';
import type { ArtifactPath } from '../core/artifact-path.ts';
import { Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import { finish } from './upload-parts.ts';

const PART_BYTES = 16 * 1024 * 1024;

/** Stores a source of unknown length: as one object when it fits into one part, else in parts held one at a time. */
export async function uploadStream(
  store: ArtifactStore,
  path: ArtifactPath,
  source: Source,
  io: Io,
): Promise<Stored> {
  if (store.traits.unknownLength === 'write') return store.write(path, source, {}, io);
  const blocks = blocksOf(await source.open(0, io.signal), PART_BYTES);
  const first = await blocks.next();
  const head = first.done === true ? Buffer.alloc(0) : first.value;
  if (head.byteLength < PART_BYTES) return store.write(path, bytesSource(head, source.media), {}, io);
  if (!store.multipart) {
    throw new Failure({
      kind: 'unsupported',
      message: `${store.label} needs to know the size of a file before it is sent`,
      hint: 'write standard input to a file first and log that file',
      subject: path,
    });
  }
  return sendBlocks(store.multipart, path, source, { head, rest: blocks }, io);
}

async function sendBlocks(
  multipart: Multipart,
  path: ArtifactPath,
  source: Source,
  blocks: { readonly head: Buffer; readonly rest: AsyncGenerator<Buffer> },
  io: Io,
): Promise<Stored> {
  const session = await multipart.begin(path, { partBytes: PART_BYTES, media: source.media }, io);
  return finish(session, io, async () => {
    const receipts: Receipt[] = [];
    let offset = 0;
    const put = async (block: Buffer): Promise<void> => {
      const part = { number: receipts.length + 1, offset, size: block.byteLength };
      receipts.push(await session.put(part, bytesSource(block), io));
      offset += block.byteLength;
    };
    await put(blocks.head);
    for await (const block of blocks.rest) await put(block);
    return session.commit(receipts, { size: offset, checksums: [] }, io);
  });
}

/** Blocks of exactly `bytes` bytes; the last one may be smaller. */
async function* blocksOf(stream: Readable, bytes: number): AsyncGenerator<Buffer> {
  let held: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    held.push(chunk);
    size += chunk.byteLength;
    while (size >= bytes) {
      const joined = Buffer.concat(held);
      yield joined.subarray(0, bytes);
      held = [joined.subarray(bytes)];
      size -= bytes;
    }
  }
  if (size > 0) yield Buffer.concat(held);
}
