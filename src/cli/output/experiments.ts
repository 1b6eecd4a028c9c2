/** `experiments search` and `experiments get`: one experiment, in MLflow's field names. Times are ms since the epoch. */
export interface ExperimentItem {
  readonly experiment_id: string;
  readonly name: string;
  /** Passwords in it are replaced by `***`. */
  readonly artifact_location: string;
  readonly lifecycle_stage: 'active' | 'deleted';
  readonly creation_time: number | null;
  readonly last_update_time: number | null;
  readonly tags: Readonly<Record<string, string>>;
}

/** `experiments get`: what only a single experiment shows. */
export interface ExperimentDetails extends ExperimentItem {
  readonly effective_trace_archival_retention: string | null;
  readonly trace_location: string | null;
  readonly workspace: string | null;
}

/** `experiments create`. */
export interface CreatedExperiment {
  readonly experiment_id: string;
  readonly name: string;
  readonly artifact_location: string;
  /** False when `--if-not-exists` found it, or `--restore-if-deleted` restored it. */
  readonly created: boolean;
  readonly restored: boolean;
  /** Runs that came back with a restored experiment. */
  readonly runs_restored?: number;
  /** Runs that had been deleted before the experiment was, and were deleted again. */
  readonly runs_deleted_again?: number;
}

/** `experiments delete`, `restore`, `rename`, `update`: what was done to which. */
export interface ChangedExperiment {
  readonly experiment_id: string;
  /** `update`: one sentence part for each change. */
  readonly changes?: readonly string[];
  /** `rename`: the new name. */
  readonly name?: string;
}

/** `experiments csv`: where the runs were written; without a file name the rows are the items. */
export interface ExportedRuns {
  readonly experiment_id: string;
  readonly filename?: string;
  readonly runs: number;
}
