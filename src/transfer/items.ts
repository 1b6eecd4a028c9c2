import type { FileIdentity } from '../artifacts/sources.ts';
import type { Entry, Precondition, Source } from '../artifacts/store.ts';
import type { ArtifactPath } from '../core/artifact-path.ts';
import type { Failure } from '../core/failure.ts';

/** Why a file is moved; `overwrite`: whatever is there, nobody looked. */
export type MoveWhy = 'new' | 'differs' | 'newer' | 'overwrite';

/** Why a file is not moved; `done-before`: an interrupted try moved it, which journal and target both say. */
export type SkipWhy = 'same' | 'exists' | 'older' | 'excluded' | 'special' | 'left-over' | 'done-before';

/** One file to store. */
export interface UploadFile {
  readonly path: ArtifactPath;
  /** The file on this machine, or `-`. */
  readonly local: string;
  readonly source: Source;
  /** A range of the source as a source of its own, where it can be read in ranges. */
  readonly part?: (range: { readonly offset: number; readonly size: number }) => Source;
  /** What the file was when it was planned; absent for standard input. */
  readonly identity?: FileIdentity;
  readonly why: MoveWhy;
  readonly when?: Precondition;
  /** What becomes of it when another writer was there first, against `when`; else it fails. */
  readonly whenThere?: 'skip';
}

/** One file to fetch. */
export interface DownloadFile {
  readonly entry: Entry;
  /** Where it goes, relative to the target folder. */
  readonly name: ArtifactPath;
  readonly why: MoveWhy;
}

/** A file that stays where it is, and why. */
export interface Skipped {
  readonly path: string;
  readonly local?: string;
  /** Bytes, where they are known. */
  readonly bytes?: number;
  readonly why: SkipWhy;
  /** More words for people: `neither a file nor a folder`. */
  readonly detail?: string;
}

/** What the plan says of one name, in the order in which it is to happen. */
export type Planned<F> =
  | { readonly kind: 'file'; readonly file: F }
  | { readonly kind: 'folder'; readonly path: ArtifactPath }
  | { readonly kind: 'skip'; readonly skipped: Skipped }
  | { readonly kind: 'trouble'; readonly path: string; readonly local: string; readonly failure: Failure };

/** What `--if-exists` says. */
export type IfExists = 'overwrite' | 'skip' | 'newer' | 'fail';
