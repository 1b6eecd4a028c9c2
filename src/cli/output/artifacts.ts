/** `artifacts list`: one entry below the path asked for. */
export interface ArtifactItem {
  /** Relative to the run's artifact root, or to the URI given. */
  readonly path: string;
  readonly is_dir: boolean;
  /** Bytes; absent for folders. */
  readonly file_size?: number;
  /** ISO 8601, where the store knows it. */
  readonly last_modified?: string;
  /** Lower-case hex by algorithm, of the whole object, where the store knows them. */
  readonly checksums?: Readonly<Record<string, string>>;
}

/** `artifacts log` and `artifacts download`: one file that was moved, failed, or was left alone. */
export interface TransferItem {
  readonly path: string;
  /** The file on this machine, or `-` for standard input. */
  readonly local: string;
  readonly bytes?: number;
  /** What proved that it is whole: `checksum`, `size` or `none`. */
  readonly verified?: 'checksum' | 'size' | 'none';
  /** Why it failed; absent when it did not. */
  readonly error?: string;
  /** Why it was left alone: `same`, `exists`, `older`, `excluded`, `special`, `left-over` or `done-before`. */
  readonly skipped?: string;
}

/** `artifacts log --dry-run` and `artifacts download --dry-run`: what would happen to one name. */
export interface PlanItem {
  readonly path: string;
  /** The file on this machine, or `-` for standard input; absent for folders. */
  readonly local?: string;
  readonly bytes?: number;
  /** `move`, `skip`, `make-folder` (one that holds nothing), or `fail` (it cannot be read, or has no place). */
  readonly action: 'move' | 'skip' | 'make-folder' | 'fail';
  /**
   * Of `move`: `new`, `differs`, `newer`, or `overwrite` (what is there has the same size). Of `skip`: `same`, `exists`,
   * `older`, `excluded`, `special` or `left-over`.
   */
  readonly why?: string;
  readonly error?: string;
}

/** `artifacts log` and `artifacts download`: the other fields. */
export interface TransferSummary {
  readonly run_id?: string;
  /** Redacted URI of the place written to or read from. */
  readonly artifact_uri: string;
  /** The folder or file on this machine (`download`). */
  readonly local_path?: string;
  readonly files: number;
  readonly bytes: number;
  readonly failed: number;
  /** Files that were left alone, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
  /** Files by what proved them. */
  readonly verified: { readonly checksum: number; readonly size: number; readonly none: number };
}

/** `artifacts verify`: one name that differs, or could not be compared. */
export interface VerifyItem {
  readonly path: string;
  /** On this machine, whether it is there or not. */
  readonly local: string;
  /** How it differs; absent when it could not be compared. */
  readonly differs?: 'missing-here' | 'missing-there' | 'size' | 'content' | 'kind';
  /** At the store. */
  readonly bytes?: number;
  /** On this machine. */
  readonly local_bytes?: number;
  /** The difference in words: sizes, checksums, kinds. */
  readonly detail?: string;
  /** Why it could not be compared; absent when it was. */
  readonly error?: string;
}

/** `artifacts verify`: the other fields. */
export interface VerifySummary {
  readonly run_id?: string;
  /** Redacted URI of the artifacts. */
  readonly artifact_uri: string;
  /** What they were compared with. */
  readonly local_path: string;
  /** Files that are the same on both sides, and their bytes. */
  readonly files: number;
  readonly bytes: number;
  /** Names that differ, and how many in which way. */
  readonly differing: number;
  readonly differences: Readonly<Record<string, number>>;
  /** Files that could not be read. */
  readonly failed: number;
  /** Names that were left out, by reason. */
  readonly skipped: Readonly<Record<string, number>>;
  /** Files that are the same, by what tells so. */
  readonly verified: { readonly checksum: number; readonly size: number; readonly none: number };
}
