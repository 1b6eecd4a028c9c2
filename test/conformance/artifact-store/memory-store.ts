import { Readable } from 'node:stream';
import type { Multipart } from '../../../src/artifacts/store.ts';
import type {
  ArtifactStore,
  Entry,
  Precondition,
  Removal,
  Source,
  Stored,
  Traits,
  Undone,
} from '../../../src/artifacts/store.ts';
import { joinPath, parentOf, type ArtifactPath, type Under } from '../../../src/core/artifact-path.ts';
import { Failure, type FailureKind } from '../../../src/core/failure.ts';
import { createTally } from '../../../src/core/hash.ts';
import type { Io } from '../../../src/core/io.ts';
import { comparePaths } from '../../../src/core/order.ts';
import { memoryIncomplete, memoryMultipart, type MemoryUpload } from './memory-multipart.ts';

/** What a memory store is unless told otherwise: an S3-like store with strong versions. */
export const MEMORY_TRAITS: Traits = {
  ranges: 'any',
  publish: 'replace',
  ifAbsent: 'atomic',
  directories: 'virtual',
  order: 'path',
  modified: 'listed',
  stat: 'request',
  unknownLength: 'write',
  maxWriteBytes: 1024 ** 3,
  removeBatch: 10,
  connections: 4,
  proofs: ['crc32'],
};

const PAGE = 1000;
const CHUNK = 64 * 1024;

/** One stored object. */
export interface MemoryObject {
  readonly bytes: Buffer;
  readonly version: string;
  readonly modified: Date;
  readonly crc32: string;
}

/** A failure of a memory store. */
export function memoryFailure(kind: FailureKind, path: string, text: string): Failure {
  return new Failure({ kind, message: `memory:${path} ${text}`, subject: `memory:${path}` });
}

/** The content of a memory store; tests may look into it and change it behind the store's back. */
export class MemoryContent {
  readonly objects = new Map<string, MemoryObject>();
  readonly directories = new Set<string>();
  /** Uploads under way, by token. */
  readonly uploads = new Map<string, MemoryUpload>();
  #versions = 0;

  set(path: string, bytes: Buffer): MemoryObject {
    const tally = createTally(['crc32']);
    tally.add(bytes);
    this.#versions += 1;
    const object = {
      bytes,
      version: `v${this.#versions}`,
      modified: new Date(),
      crc32: tally.checksums()[0]!.value,
    };
    this.objects.set(path, object);
    return object;
  }
}

/** The whole of a source, checked against what it announced. */
export async function gather(path: string, source: Source, io: Io, max: number): Promise<Buffer> {
  if ((source.size ?? 0) > max) throw memoryFailure('too-large', path, `is larger than ${max} bytes`);
  const tally = createTally(source.checksums.map(({ algorithm }) => algorithm));
  const chunks: Buffer[] = [];
  const stream = await source.open(0, io.signal);
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    io.signal.throwIfAborted();
    tally.add(chunk);
    chunks.push(Buffer.from(chunk));
    io.progress?.(chunk.byteLength);
    if (tally.bytes > max) throw memoryFailure('too-large', path, `is larger than ${max} bytes`);
  }
  if (source.size !== undefined && tally.bytes !== source.size) {
    throw memoryFailure('changed', path, `gave ${tally.bytes} bytes where ${source.size} were announced`);
  }
  for (const { algorithm, value } of tally.checksums()) {
    if (source.checksums.some((known) => known.algorithm === algorithm && known.value !== value)) {
      throw memoryFailure('corrupt', path, `has another ${algorithm}`);
    }
  }
  return Buffer.concat(chunks);
}

/** A store in this process that behaves by its traits. */
export function createMemoryStore(
  traits: Partial<Traits> = {},
  options: { readonly content?: MemoryContent; readonly multipart?: Multipart['order'] } = {},
): ArtifactStore {
  const all = { ...MEMORY_TRAITS, ...traits };
  const memory = new Memory(all, options.content ?? new MemoryContent());
  const order = options.multipart ?? (all.unknownLength === 'multipart' ? 'any' : undefined);
  return {
    label: 'memory:',
    backend: 'memory',
    server: 'memory',
    traits: all,
    accepts: (path) => (path.includes('|') ? 'a name cannot hold "|"' : undefined),
    stat: async (path, io) => memory.stat(path, io),
    list: (under, ask, io) => memory.list(under, ask, io),
    read: async (path, ask, io) => memory.read(path, ask, io),
    write: async (path, source, ask, io) => memory.write(path, source, ask.when, io),
    remove: async (batch, io) => memory.remove(batch, io),
    facts: async () => ({ anchor: 'present' }),
    ...(order ? { multipart: memoryMultipart(memory, order), incomplete: memoryIncomplete(memory) } : {}),
    ...(all.directories === 'real' ? { makeDirectory: async (path) => memory.makeDirectory(path) } : {}),
  };
}

/** The verbs over one content. */
export class Memory {
  readonly traits: Traits;
  readonly content: MemoryContent;

  constructor(traits: Traits, content: MemoryContent) {
    this.traits = traits;
    this.content = content;
  }

  async stat(path: ArtifactPath, io: Io): Promise<Entry | undefined> {
    io.signal.throwIfAborted();
    const object = this.content.objects.get(path);
    if (object) return this.entry(path, object);
    return this.content.directories.has(path) ? { path, kind: 'directory', checksums: [] } : undefined;
  }

  entry(path: ArtifactPath, object: MemoryObject): Entry {
    return {
      path,
      kind: 'file',
      size: object.bytes.byteLength,
      modified: object.modified,
      version: { id: object.version, strong: true },
      checksums: [{ algorithm: 'crc32', value: object.crc32, scope: 'whole' }],
    };
  }

  async *list(
    under: Under,
    { recursive, after }: { readonly recursive: boolean; readonly after?: ArtifactPath },
    io: Io,
  ): AsyncGenerator<readonly Entry[]> {
    const entries = this.#below(under, recursive);
    const marker =
      after === undefined ? undefined : (entries.find(({ path }) => path === after)?.kind ?? 'file');
    const rest = entries.filter(
      (entry) =>
        after === undefined ||
        comparePaths(entry.path, after, entry.kind === 'directory', marker === 'directory') > 0,
    );
    if (this.traits.order === 'none') rest.reverse();
    for (let from = 0; from < rest.length; from += PAGE) {
      io.signal.throwIfAborted();
      yield rest.slice(from, from + PAGE);
    }
  }

  #below(under: Under, recursive: boolean): Entry[] {
    const prefix = under === '' ? '' : `${under}/`;
    const found = new Map<string, Entry>();
    for (const [name, object] of this.content.objects) {
      if (!name.startsWith(prefix)) continue;
      const slash = name.indexOf('/', prefix.length);
      const path = name as ArtifactPath;
      if (recursive || slash < 0) found.set(name, this.entry(path, object));
      else found.set(`${name.slice(0, slash)}/`, directoryEntry(name.slice(0, slash)));
    }
    for (const name of this.content.directories) {
      if (!name.startsWith(prefix) || (!recursive && name.includes('/', prefix.length))) continue;
      found.set(`${name}/`, directoryEntry(name));
    }
    return [...found.values()].sort((a, b) =>
      comparePaths(a.path, b.path, a.kind === 'directory', b.kind === 'directory'),
    );
  }

  async read(
    path: ArtifactPath,
    ask: Parameters<ArtifactStore['read']>[1],
    io: Io,
  ): ReturnType<ArtifactStore['read']> {
    io.signal.throwIfAborted();
    const object = this.content.objects.get(path);
    if (!object && this.content.directories.has(path))
      throw memoryFailure('wrong-kind', path, 'is a directory');
    if (!object) throw memoryFailure('not-found', path, 'is not there');
    if (ask.version && ask.version.id !== object.version)
      throw memoryFailure('changed', path, 'is another one');
    const { start = 0, length } = ask;
    const size = object.bytes.byteLength;
    if (start > 0 && start >= size)
      throw memoryFailure('invalid', path, `has ${size} bytes, none at ${start}`);
    const partial = start > 0 || length !== undefined;
    if (
      partial &&
      (this.traits.ranges === 'none' || (this.traits.ranges === 'from' && length !== undefined))
    ) {
      throw memoryFailure('unsupported', path, 'cannot be read in parts');
    }
    const bytes = object.bytes.subarray(start, length === undefined ? size : Math.min(size, start + length));
    const stream = Readable.from(slices(bytes, io), { objectMode: false });
    return { entry: this.entry(path, object), start, length: bytes.byteLength, stream };
  }

  async write(path: ArtifactPath, source: Source, when: Precondition | undefined, io: Io): Promise<Stored> {
    io.signal.throwIfAborted();
    this.allow(path, when);
    const bytes = await gather(path, source, io, this.traits.maxWriteBytes);
    if (this.traits.publish === 'gap') this.content.objects.delete(path);
    if (this.traits.publish === 'direct') this.content.set(path, bytes.subarray(0, bytes.length / 2));
    if (this.traits.publish !== 'replace') await new Promise(setImmediate);
    if (this.traits.publish === 'replace') this.allow(path, when);
    return this.publish(path, bytes);
  }

  /** Refuses what the precondition or a thing of another kind forbids. */
  allow(path: ArtifactPath, when: Precondition | undefined): void {
    const object = this.content.objects.get(path);
    if (this.content.directories.has(path)) throw memoryFailure('wrong-kind', path, 'is a directory');
    if (!when) return;
    if ('absent' in when && this.traits.ifAbsent === 'none') {
      throw memoryFailure('unsupported', path, 'cannot be written only if absent');
    }
    if ('absent' in when && object) throw memoryFailure('exists', path, 'is there already');
    if ('version' in when && object?.version !== when.version.id) {
      throw memoryFailure('changed', path, 'is another one');
    }
  }

  publish(path: ArtifactPath, bytes: Buffer): Stored {
    const parent = parentOf(path);
    if (this.traits.directories === 'real' && parent !== '') this.makeDirectory(parent);
    return { entry: this.entry(path, this.content.set(path, bytes)), proof: 'checksum' };
  }

  makeDirectory(path: ArtifactPath): void {
    if (this.content.objects.has(path)) throw memoryFailure('wrong-kind', path, 'is a file');
    this.content.directories.add(path);
    const parent = parentOf(path);
    if (parent !== '') this.makeDirectory(parent);
  }

  remove(batch: readonly Removal[], io: Io): readonly Undone[] {
    io.signal.throwIfAborted();
    if (batch.length > this.traits.removeBatch)
      throw memoryFailure('usage', '', 'was given too many removals');
    return batch.flatMap((removal) => {
      const failure = this.#removeOne(removal);
      return failure ? [{ removal, failure }] : [];
    });
  }

  #removeOne({ path, kind, version }: Removal): Failure | undefined {
    const object = this.content.objects.get(path);
    if (kind === 'file' && this.content.directories.has(path)) {
      return memoryFailure('wrong-kind', path, 'is a directory');
    }
    if (kind === 'directory') {
      if (object) return memoryFailure('wrong-kind', path, 'is a file');
      const held = [...this.content.objects.keys(), ...this.content.directories];
      const full = this.content.directories.has(path) && held.some((name) => name.startsWith(`${path}/`));
      if (full) return memoryFailure('conflict', path, 'is not empty');
      this.content.directories.delete(path);
      return undefined;
    }
    if (version && object && object.version !== version.id)
      return memoryFailure('changed', path, 'is another one');
    this.content.objects.delete(path);
    return undefined;
  }
}

function directoryEntry(path: string): Entry {
  return { path: joinPath('', path), kind: 'directory', checksums: [] };
}

function* slices(bytes: Buffer, io: Io): Generator<Buffer> {
  for (let offset = 0; offset < bytes.byteLength; offset += CHUNK) {
    io.signal.throwIfAborted();
    io.progress?.(Math.min(CHUNK, bytes.byteLength - offset));
    yield bytes.subarray(offset, offset + CHUNK);
  }
}
