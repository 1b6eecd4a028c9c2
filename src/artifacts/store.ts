import type { Readable } from 'node:stream';
import type { ArtifactPath, Under } from '../core/artifact-path.ts';
import type { Checksum } from '../core/checksum.ts';
import type { Failure } from '../core/failure.ts';
import type { Io } from '../core/io.ts';
import type { Media } from '../core/media.ts';

/** ETag, generation, or size + mtime + inode. `strong`: equal ids mean equal bytes. */
export interface Version {
  readonly id: string;
  readonly strong: boolean;
}

/** A listed thing. `other` is a link, socket or device: shown, never followed. */
export interface Entry {
  readonly path: ArtifactPath;
  readonly kind: 'file' | 'directory' | 'other';
  /** Bytes; absent for directories. */
  readonly size?: number;
  readonly modified?: Date;
  readonly version?: Version;
  readonly checksums: readonly Checksum[];
}

/**
 * Entries of a listing, as many as came at once. `marker`: a listing that is asked with it gives what follows this page,
 * even when that is nothing; opaque, and known to pages of a store whose order is `none` and whose server has such.
 */
export interface Page extends ReadonlyArray<Entry> {
  readonly marker?: string;
}

/** Bytes to write. */
export interface Source {
  /** Bytes; absent when it cannot be known (standard input). */
  readonly size?: number;
  /** Whether `open` may be called more than once. */
  readonly replayable: boolean;
  /** Digests known before the first byte moves; a store that disagrees publishes nothing. */
  readonly checksums: readonly Checksum[];
  readonly media: Media;
  /** Called under the permit. Fails with `changed` when the bytes are no longer those announced; never ends short. */
  open(from: number, signal: AbortSignal): Promise<Readable>;
  /**
   * What `open(0)` would give, at once and without a stream's cost: for whoever can hold `size` bytes. They are read into
   * `into`, of exactly `size` bytes, where it is given and they are not in memory yet. Only where the source is replayable
   * and its size known; whoever wraps `open` leaves it out or wraps it too.
   */
  readonly bytes?: ((signal: AbortSignal, into?: Uint8Array) => Promise<Uint8Array>) | undefined;
}

/** An object being read. Consume `stream` or destroy it, unless there are `bytes`: a permit is held until it closes. */
export interface Body {
  readonly entry: Entry;
  /** Offset of the first byte of `stream` in the object. */
  readonly start: number;
  /** Bytes that `stream` will give, when the store tells. */
  readonly length?: number;
  readonly stream: Readable;
  /** All that `stream` would give, of a small body that came at once. */
  readonly bytes?: Uint8Array;
}

/** A finished write and what proves it: a checksum that the store confirmed, the size read back, or nothing. */
export interface Stored {
  readonly entry: Entry;
  readonly proof: 'checksum' | 'size' | 'none';
}

/** Write only if the target is absent, or still has this version. */
export type Precondition = { readonly absent: true } | { readonly version: Version };

/** How a source is stored. */
export interface WriteOptions {
  readonly when?: Precondition;
  /**
   * 16 hex digits by which the caller knows its own again: where a write is a file of its own until it is whole, and stays
   * when its process is killed, the name of that file tells them.
   */
  readonly owner?: string;
}

export interface Removal {
  readonly path: ArtifactPath;
  readonly kind: 'file' | 'directory';
  readonly version?: Version;
}

/** One removal of a batch that did not happen, and why. */
export interface Undone {
  readonly removal: Removal;
  readonly failure: Failure;
}

/**
 * How the mandatory members of a store behave. Callers and conformance cases choose by these, never by a store's name.
 */
export interface Traits {
  /** Reads of a part: anywhere, from an offset to the end, or whole objects only. */
  readonly ranges: 'any' | 'from' | 'none';
  /** `replace`: readers see old or new. `gap`: for a moment neither. `direct`: readers may see a part. */
  readonly publish: 'replace' | 'gap' | 'direct';
  /** How `{ absent: true }` is kept when two writers race. */
  readonly ifAbsent: 'atomic' | 'checked' | 'none';
  /** Whether empty directories exist. */
  readonly directories: 'real' | 'virtual';
  /** `path`: pages come in UTF-8 byte order with a directory sorted as `name/`. */
  readonly order: 'path' | 'none';
  /** Whether listed files tell when they were last modified; `some`: servers of this kind differ. */
  readonly modified: 'listed' | 'some' | 'none';
  /** What one `stat` costs. */
  readonly stat: 'request' | 'lists-parent';
  /** What a source of unknown size needs. */
  readonly unknownLength: 'write' | 'multipart';
  /** The largest object that one `write` stores, in bytes. */
  readonly maxWriteBytes: number;
  /** The most removals that one `remove` takes. */
  readonly removeBatch: number;
  /** Whether one request tells all unfinished uploads, or removes a batch, so that many cost little more than one. */
  readonly wide?: true;
  /** How many operations may be under way at once. */
  readonly connections: number;
  /** Algorithms by which the store confirms what it received. */
  readonly proofs: readonly Checksum['algorithm'][];
}

/** Absence of an object means something only below a present anchor (bucket, mount, server root). */
export interface Facts {
  readonly anchor: 'present' | 'absent';
}

/**
 * A place that holds artifacts: a cheap view of one root on a backend. Paths are relative to that root.
 *
 * Optional members exist iff the driver can try the operation; a server that refuses it raises `unsupported` before a
 * byte is visible. Every member raises `Failure` and nothing else.
 */
export interface ArtifactStore {
  /** The root's redacted URI. */
  readonly label: string;
  /** Same text: same connections, permits and credentials. */
  readonly backend: string;
  /** Same text: the same root is the same place, whoever asks. */
  readonly server: string;
  readonly traits: Traits;
  /** Why this store cannot hold this name; undefined when it can. Pure: no request. */
  accepts(path: ArtifactPath): string | undefined;
  /**
   * The entry at a path, or undefined when nothing is there. A missing bucket or root is `not-found`, not undefined.
   * @throws Failure denied, unauthenticated, unavailable, throttled, timeout
   */
  stat(path: ArtifactPath, io: Io): Promise<Entry | undefined>;
  /**
   * Pages of entries below `under` (exclusive). Nothing is held between pages. An absent prefix gives no pages; a file
   * gives no pages. A page that fails for good throws: a listing never ends early. `after` is exclusive and
   * honoured where the order is `path`; `marker` is one that a page of the same listing had.
   */
  list(
    under: Under,
    options: { readonly recursive: boolean; readonly after?: ArtifactPath; readonly marker?: string },
    io: Io,
  ): AsyncIterable<Page>;
  /**
   * Bytes of an object as stored (never decoded). With `version`, `changed` when the object is another one by now.
   * @throws Failure not-found, wrong-kind (a directory), invalid (start beyond the end), changed
   */
  read(
    path: ArtifactPath,
    options: { readonly start?: number; readonly length?: number; readonly version?: Version },
    io: Io,
  ): Promise<Body>;
  /**
   * Stores a source whole or not at all, replacing what is there unless `when` forbids it.
   * @throws Failure exists, changed, corrupt (digest disagrees), no-space, too-large, denied
   */
  write(path: ArtifactPath, source: Source, options: WriteOptions, io: Io): Promise<Stored>;
  /** Removes at most `traits.removeBatch` things; absent is done, a directory that is not empty is undone. */
  remove(batch: readonly Removal[], io: Io): Promise<readonly Undone[]>;
  facts(io: Io): Promise<Facts>;
  readonly multipart?: Multipart;
  readonly incomplete?: Incomplete;
  /** Only where directories are real. Present already is done. */
  readonly makeDirectory?: (path: ArtifactPath, io: Io) => Promise<void>;
  /** Only where one operation costs seconds, whatever its size: many files in one. */
  readonly bulk?: Bulk;
  /** Only where the server may keep what was replaced or removed. */
  readonly versions?: Versions;
}

/**
 * Many files at once. A result for every item, in the order given; one that fails stops no other. What is thrown is about
 * all of them, and none moved: the command cannot be run, the root is denied, the signal aborted.
 */
export interface Bulk {
  /** The most items that one call takes. */
  readonly maxItems: number;
  /**
   * Stores local files, replacing what is there: each whole or not at all, proven before it appears under its name.
   * What is replaced is as `traits.publish` says.
   * @returns failures by item: changed (the local file is not as announced), corrupt, wrong-kind, exists, denied
   */
  put(items: readonly BulkItem[], io: Io): Promise<readonly BulkResult[]>;
  /**
   * Reads objects into local files, which must not exist and whose folders must: each whole or not at all.
   * @returns failures by item: not-found, denied, changed (its size is not as announced), no-space
   */
  get(items: readonly BulkItem[], io: Io): Promise<readonly BulkResult[]>;
}

/** One object and one local file. */
export interface BulkItem {
  readonly path: ArtifactPath;
  /** Absolute; may be a link. */
  readonly file: string;
  /** Bytes, as planned or listed. */
  readonly size: number;
  /** To be stored only where nothing is, which is as `traits.ifAbsent` says. */
  readonly when?: { readonly absent: true };
}

/** How one item ended; without `failure` it is there, proven as `proof` says. */
export interface BulkResult {
  readonly item: BulkItem;
  readonly proof: Stored['proof'];
  readonly failure?: Failure;
}

/** Large or endless objects in parts. The protocol's rules are data, so that one planner serves all stores. */
export interface Multipart {
  /** `any`: parts in parallel. `sequential`: each part starts where the last one ended. */
  readonly order: 'any' | 'sequential';
  /** Whether all parts but the last have one size. */
  readonly uniform: boolean;
  /** Whether the number of parts must be known before the first. */
  readonly needsSize: boolean;
  /** Smallest and largest part (the last may be smaller), in bytes. */
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly maxParts: number;
  /** From which size on a file goes in parts, and how large those are, in bytes, where a setting of the store says so. */
  readonly preferred?: { readonly fromBytes: number; readonly partBytes: number };
  begin(path: ArtifactPath, plan: UploadPlan, io: Io): Promise<UploadSession>;
  /**
   * The upload that a token names, with the plan that it was begun with; absent where none can be taken up again. Makes
   * no request: that the upload is finished, given up or expired by now (another process may do that at any time) is
   * told by the first member that asks the store, as `not-found`. A session without `confirmed` can only be given up.
   */
  readonly attach?: (path: ArtifactPath, token: string, plan: UploadPlan) => UploadSession;
}

/** What an upload in parts is begun with; whoever takes it up again gives the same. */
export interface UploadPlan {
  /** Bytes of every part but the last. */
  readonly partBytes: number;
  /** Bytes of the whole, where they are known. */
  readonly size?: number;
  readonly media: Media;
  readonly when?: Precondition;
}

/** One part of an upload; parts are numbered from 1. */
export interface Part {
  readonly number: number;
  readonly offset: number;
  readonly size: number;
}

/** What the store confirmed of a part: plain data. */
export interface Receipt extends Part {
  readonly tag: string;
  readonly checksum?: Checksum;
}

/** An upload under way; nothing is visible before `commit`. */
export interface UploadSession {
  /** Names the upload for `attach`. */
  readonly token: string;
  /** Whether whoever has the token can write without credentials: never shown, and kept only where its owner alone reads. */
  readonly tokenIsSecret: boolean;
  put(part: Part, source: Source, io: Io): Promise<Receipt>;
  /** Publishes the object. Idempotent: called again it gives the same answer. */
  commit(
    receipts: readonly Receipt[],
    expect: { readonly size: number; readonly checksums: readonly Checksum[] },
    io: Io,
  ): Promise<Stored>;
  abort(io: Io): Promise<void>;
  /**
   * Pages of the whole parts that the store holds, by number, each once; offsets are those of the plan. Nothing where it
   * holds nothing, for whatever reason. Absent where the store cannot be asked. Other bytes may be in a part than the caller's source has now: only what the caller itself
   * recorded of it tells.
   * @throws Failure not-found: the upload is finished, given up or expired
   */
  readonly confirmed?: (io: Io) => AsyncIterable<readonly Receipt[]>;
}

/** Uploads that were begun and neither finished nor given up, by whomever. */
export interface Incomplete {
  /** Whether they are files of what `write` did not finish, which tell its `owner`. */
  readonly owned?: true;
  /**
   * Pages of them: of the path `under` itself and of all below it, never of a sibling (`a/b` gives no `a/bc`). One that
   * is begun, finished or given up meanwhile may be given or not, and after trouble on the way one may be given twice.
   */
  list(under: Under, io: Io): AsyncIterable<readonly Unfinished[]>;
  /** Frees what an upload holds; one that is gone is done. What is stored at its path stays as it is. */
  discard(unfinished: Unfinished, io: Io): Promise<void>;
}

/** An upload that was begun and neither finished nor given up. */
export interface Unfinished {
  /** Where it was to be stored; of a file of its own, that file's. */
  readonly path: ArtifactPath;
  /** As of its session where it was begun here; of others as the store names it. Shown to nobody if that is a secret. */
  readonly token: string;
  /** By the store's clock; of a file of its own, when it last grew. */
  readonly started?: Date;
  /** Bytes that it holds, where telling that costs no further request. */
  readonly bytes?: number;
  /** Of the write that began it, where that told one. */
  readonly owner?: string;
}

/** What a server keeps of objects that were replaced or removed. */
export interface Versions {
  /** Whether a removal may free nothing, since what is removed stays as an older version. */
  kept(io: Io): Promise<boolean>;
  /** Whether the server itself removes all older ones below the root, some time after. */
  expire(io: Io): Promise<boolean>;
  /** Pages of all that is kept below `under`, newest and older, and marks of removals; never of a sibling. */
  list(under: Under, io: Io): AsyncIterable<readonly Kept[]>;
  /** The same of one object alone. */
  of(path: ArtifactPath, io: Io): AsyncIterable<readonly Kept[]>;
  /** Removes for good, at most `traits.removeBatch`; absent is done. Nobody can bring it back. */
  purge(batch: readonly Kept[], io: Io): Promise<readonly Unpurged[]>;
}

/** One version of an object, or the mark that it was removed. */
export interface Kept {
  readonly path: ArtifactPath;
  /** Names it for `purge`. */
  readonly token: string;
  /** Whether it is what readers see now. */
  readonly newest: boolean;
  readonly mark: boolean;
  readonly bytes: number;
}

/** One version of a batch that is still there, and why. */
export interface Unpurged {
  readonly kept: Kept;
  readonly failure: Failure;
}
