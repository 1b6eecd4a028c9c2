import type { Under } from '../../core/artifact-path.ts';
import type { Io } from '../../core/io.ts';

/** What a store can be asked to do; layers see operations, never members. */
export type Verb =
  | 'stat'
  | 'page'
  | 'read'
  | 'write'
  | 'remove'
  | 'begin'
  | 'part'
  | 'confirm'
  | 'commit'
  | 'abort'
  | 'unfinished'
  | 'discard'
  | 'make-directory'
  | 'bulk'
  | 'versioning'
  | 'lifecycle'
  | 'versions'
  | 'purge'
  | 'facts';

/**
 * One operation on its way to a store. A `page` (of entries), a `confirm` (of receipts) and an `unfinished` (of uploads)
 * resolve to one page, or to undefined after the last.
 */
export interface Operation {
  readonly verb: Verb;
  /** What it is about; for a page the directory listed, for a batch of removals the root. */
  readonly path: Under;
  /** Redacted root and path. */
  readonly subject: string;
  readonly backend: string;
  /** Whether repeating it is harmless when the first try may have happened. */
  readonly repeatable: boolean;
  /** For an open body: settles when it is closed; the permit lives that long. */
  busy(result: unknown): Promise<unknown> | undefined;
}

/** Wraps every operation; outermost first: trace, guard, retry, limit. */
export type Layer = <T>(operation: Operation, io: Io, next: (io: Io) => Promise<T>) => Promise<T>;
