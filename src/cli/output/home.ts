/** `mlstow` alone: where a command typed here would read and write. */
export interface HomeResult {
  /** Redacted. */
  readonly tracking_uri: string;
  /** Who says so. */
  readonly tracking_origin: string;
  /** What keeps the records: `server`, `database`, `folder`; `other` for what mlstow does not open. */
  readonly tracking_kind: 'server' | 'database' | 'folder' | 'other';
  /** The root that MLFLOW_ARTIFACT_URI or a file sets for this process; redacted. */
  readonly artifact_root?: string;
  /** Active ones; absent when the records did not answer. */
  readonly experiments?: number;
  /** Whether there are more than that. */
  readonly experiments_more?: boolean;
  readonly newest_experiment?: {
    readonly experiment_id: string;
    readonly name: string;
    /** Redacted. */
    readonly artifact_location: string;
  };
  /** Why the records did not answer. */
  readonly problem?: string;
  /** Commands to go on with. */
  readonly next: readonly string[];
}
