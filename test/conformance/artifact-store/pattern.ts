import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { parseArtifactPath, type ArtifactPath, type Under } from '../../../src/core/artifact-path.ts';
import type { Checksum } from '../../../src/core/checksum.ts';
import { createTally } from '../../../src/core/hash.ts';
import type { Body, Entry, Source, Stored } from '../../../src/artifacts/store.ts';
import type { Case } from './open-case.ts';

/** Shorthand for paths in cases. */
export const at = (path: string): ArtifactPath => parseArtifactPath(path);

/** `size` bytes that differ from offset to offset and from seed to seed. */
export function pattern(size: number, seed = 1): Buffer {
  const bytes = Buffer.allocUnsafe(size);
  for (let i = 0; i < size; i += 1) bytes[i] = (i * 31 + (i >> 8) * 7 + (i >> 16) * 13 + seed * 101) & 0xff;
  return bytes;
}

export interface PatternOptions {
  readonly seed?: number;
  /** The size told to the store, when it is not the true one; 'unknown' tells none. */
  readonly announced?: number | 'unknown';
  readonly replayable?: boolean;
  /** Fails after so many bytes. */
  readonly failAfter?: number;
  readonly checksums?: readonly Checksum[];
  /** Called whenever the source is opened. */
  readonly onOpen?: () => void;
}

/** A source of `size` pattern bytes, in chunks of 64 KiB. */
export function patternSource(size: number, options: PatternOptions = {}): Source {
  return bufferSource(pattern(size, options.seed), options);
}

/** A buffer as a source that may lie about its size, fail half way or refuse to be opened twice. */
export function bufferSource(bytes: Uint8Array, options: PatternOptions = {}): Source {
  const { announced = bytes.byteLength } = options;
  return {
    ...(announced === 'unknown' ? {} : { size: announced }),
    replayable: options.replayable ?? true,
    checksums: options.checksums ?? [],
    media: {},
    open: async (from) => {
      options.onOpen?.();
      return Readable.from(chunks(bytes, from, options.failAfter), { objectMode: false });
    },
  };
}

function* chunks(bytes: Uint8Array, from: number, failAfter = Infinity): Generator<Uint8Array> {
  const step = 64 * 1024;
  for (let offset = from; offset < bytes.byteLength; offset += step) {
    if (offset + step > failAfter) {
      yield bytes.subarray(offset, Math.max(offset, failAfter));
      throw Object.assign(new Error('the disk with the source went away'), { code: 'EIO' });
    }
    yield bytes.subarray(offset, offset + step);
  }
}

/** Puts text or bytes at a path. */
export async function put({ store, io }: Case, path: string, content: string | Uint8Array): Promise<Stored> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  return store.write(at(path), bufferSource(bytes), {}, io);
}

export async function bytesOf(body: Body): Promise<Buffer> {
  const parts: Buffer[] = [];
  for await (const chunk of body.stream as AsyncIterable<Buffer>) parts.push(chunk);
  return Buffer.concat(parts);
}

/** The whole content of a path. */
export async function get({ store, io }: Case, path: string): Promise<Buffer> {
  return bytesOf(await store.read(at(path), {}, io));
}

/** Every entry of a listing. */
export async function entriesOf({ store, io }: Case, under = '', recursive = true): Promise<Entry[]> {
  const entries: Entry[] = [];
  for await (const page of store.list(under as Under, { recursive }, io)) entries.push(...page);
  return entries;
}

export async function filesOf(bed: Case, under = ''): Promise<string[]> {
  return (await entriesOf(bed, under)).filter(({ kind }) => kind === 'file').map(({ path }) => path);
}

export function digestOf(bytes: Uint8Array, algorithm: Checksum['algorithm']): Checksum {
  const tally = createTally([algorithm]);
  tally.add(bytes);
  return tally.checksums()[0]!;
}

export const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex');

/** Runs tasks, at most `width` at once. */
export async function inParallel(width: number, tasks: readonly (() => Promise<unknown>)[]): Promise<void> {
  const queue = tasks.values();
  await Promise.all(
    Array.from({ length: Math.min(width, tasks.length) }, async () => {
      for (const task of queue) await task();
    }),
  );
}
