import { addAbortSignal, type Readable } from 'node:stream';
import { bytesSource } from '../../artifacts/sources.ts';
import type {
  ArtifactStore,
  Multipart,
  Receipt,
  Source,
  Stored,
  UploadSession,
} from '../../artifacts/store.ts';
import type { ArtifactPath } from '../../core/artifact-path.ts';
import { Failure } from '../../core/failure.ts';
import { createTally, tapStream } from '../../core/hash.ts';
import { cleanupIo } from '../../core/io.ts';
import type { UploadFile } from '../items.ts';
import { abortQuietly, beginUpload, takeUp } from './take-up.ts';
import { fileIo, sourceAtPace, writeOptions, type Uploading } from './uploading.ts';
import { usualPartBytes } from './upload-parts.ts';

/** What was stored, and how many bytes the source gave. */
export interface StoredStream {
  readonly stored: Stored;
  readonly bytes: number;
}

/**
 * Stores a source of unknown length: directly where the store takes that; as one object when it fits into one part; else
 * in parts that are held one at a time. The source's stream is closed in any case.
 * @throws Failure unsupported when the store must know the size, too-large when it takes no further part
 */
export async function uploadStream(uploading: Uploading, file: UploadFile): Promise<StoredStream> {
  const { store } = uploading;
  const { multipart } = store;
  const io = fileIo(uploading, file.path);
  const source = sourceAtPace(uploading, file.source);
  const options = writeOptions(uploading, file);
  if (store.traits.unknownLength === 'write') {
    return writeCounted(source, async (counted) => store.write(file.path, counted, options, io));
  }
  const partBytes = multipart ? usualPartBytes(multipart) : store.traits.maxWriteBytes;
  const heldBytes = Math.min(partBytes, MOST_HELD);
  const stream = addAbortSignal(io.signal, await source.open(0, io.signal));
  const blocks = blocksOf(stream, heldBytes);
  try {
    const first = await blocks.next();
    const head = first.done === true ? Buffer.alloc(0) : first.value;
    if (head.byteLength < heldBytes) {
      const stored = await store.write(file.path, bytesSource(head, source.media), options, io);
      return { stored, bytes: head.byteLength };
    }
    if (!multipart || multipart.needsSize) throw needsSize(store, file.path);
    return await sendBlocks(uploading, multipart, file, { bytes: heldBytes, head, rest: blocks });
  } finally {
    await blocks.return(undefined);
    stream.destroy();
  }
}

/** The most of a stream that is held in memory, in bytes. */
const MOST_HELD = 64 * 1024 * 1024;

async function writeCounted(
  source: Source,
  write: (counted: Source) => Promise<Stored>,
): Promise<StoredStream> {
  let tally = createTally([]);
  const counted: Source = {
    ...source,
    open: async (from, signal) => {
      tally = createTally([]);
      const stream = await source.open(from, signal);
      const tap = tapStream(tally);
      stream.once('error', (error) => tap.destroy(error));
      tap.once('close', () => stream.destroy());
      return stream.pipe(tap);
    },
  };
  return { stored: await write(counted), bytes: tally.bytes };
}

function needsSize(store: ArtifactStore, path: ArtifactPath): Failure {
  return new Failure({
    kind: 'unsupported',
    message: `${store.label} needs to know the size of a file before it is sent`,
    hint: 'write standard input to a file first and log that file',
    subject: path,
  });
}

interface Blocks {
  readonly bytes: number;
  readonly head: Buffer;
  readonly rest: AsyncIterable<Buffer>;
}

/** Sends blocks as parts; nothing of them stays at the store when that fails. */
async function sendBlocks(
  uploading: Uploading,
  multipart: Multipart,
  file: UploadFile,
  blocks: Blocks,
): Promise<StoredStream> {
  const plan = { partBytes: blocks.bytes, media: file.source.media };
  await takeUp(uploading, multipart, file, plan);
  const planned = file.when ? { ...plan, when: file.when } : plan;
  const session = await beginUpload(uploading, multipart, file, planned);
  try {
    return await putBlocks(uploading, session, { file, maxParts: multipart.maxParts }, blocks);
  } catch (thrown) {
    if (await abortQuietly(session, cleanupIo(uploading.io))) uploading.journal.gone(file.path);
    throw thrown;
  }
}

async function putBlocks(
  uploading: Uploading,
  session: UploadSession,
  { file, maxParts }: { readonly file: UploadFile; readonly maxParts: number },
  blocks: Blocks,
): Promise<StoredStream> {
  const io = fileIo(uploading, file.path);
  const receipts: Receipt[] = [];
  let offset = 0;
  const put = async (block: Buffer): Promise<void> => {
    if (receipts.length === maxParts) throw tooLong(file.path, offset);
    const part = { number: receipts.length + 1, offset, size: block.byteLength };
    receipts.push(await session.put(part, bytesSource(block), io));
    offset += block.byteLength;
  };
  await put(blocks.head);
  for await (const block of blocks.rest) await put(block);
  const stored = await session.commit(receipts, { size: offset, checksums: [] }, io);
  uploading.journal.gone(file.path);
  return { stored, bytes: offset };
}

function tooLong(path: ArtifactPath, bytes: number): Failure {
  return new Failure({
    kind: 'too-large',
    message: `standard input for ${path} goes on after ${bytes} bytes, the most that can be sent without knowing its size`,
    hint: 'write it to a file first and log that file',
    subject: path,
  });
}

/** Blocks of exactly `bytes` bytes; the last one may be smaller. */
async function* blocksOf(stream: Readable, bytes: number): AsyncGenerator<Buffer, void> {
  let held: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    held.push(chunk);
    size += chunk.byteLength;
    if (size < bytes) continue;
    const joined = Buffer.concat(held);
    let from = 0;
    for (; size - from >= bytes; from += bytes) yield joined.subarray(from, from + bytes);
    held = [joined.subarray(from)];
    size -= from;
  }
  if (size > 0) yield Buffer.concat(held);
}
