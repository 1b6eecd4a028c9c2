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

/** `artifacts log` and `artifacts download`: one file. */
export interface TransferItem {
  readonly path: string;
  /** The file on this machine, or `-` for standard input. */
  readonly local: string;
  readonly bytes?: number;
  /** What proved that it is whole: `checksum`, `size` or `none`. */
  readonly verified?: 'checksum' | 'size' | 'none';
  /** Why it failed; absent when it arrived. */
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
  /** Files by what proved them. */
  readonly verified: { readonly checksum: number; readonly size: number; readonly none: number };
}
