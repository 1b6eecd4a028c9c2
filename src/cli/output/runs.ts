/** `runs list`: one run. Times are ms since the epoch. */
export interface RunItem {
  readonly run_id: string;
  readonly run_name: string | null;
  readonly experiment_id: string;
  readonly user_id: string | null;
  readonly status: string;
  readonly start_time: number | null;
  readonly end_time: number | null;
  readonly lifecycle_stage: 'active' | 'deleted';
  /** Passwords in it are replaced by `***`. */
  readonly artifact_uri: string;
}

/** A metric's value: JSON has no NaN and no infinities, so these three are words, as in MLflow's REST API. */
export type MetricValue = number | 'NaN' | 'Infinity' | '-Infinity';

/** `runs get`: the whole run, in the shape of `mlflow runs describe`. */
export interface RunDetails {
  readonly info: RunItem;
  readonly data: {
    readonly metrics: Readonly<Record<string, MetricValue>>;
    readonly params: Readonly<Record<string, string>>;
    readonly tags: Readonly<Record<string, string>>;
  };
  readonly inputs: {
    readonly model_inputs: readonly { readonly model_id: string }[];
    readonly dataset_inputs: readonly DatasetInputItem[];
  };
  readonly outputs: {
    readonly model_outputs: readonly { readonly model_id: string; readonly step: number }[];
  };
}

/** A data set that a run read. */
export interface DatasetInputItem {
  readonly dataset: {
    readonly digest: string;
    readonly name: string;
    readonly profile: string | null;
    readonly schema: string | null;
    readonly source: string;
    readonly source_type: string;
  };
  readonly tags: Readonly<Record<string, string>>;
}

/** `runs create`. */
export interface CreatedRun {
  readonly run_id: string;
  readonly experiment_id: string;
  readonly status: string;
  /** As given by `--run-name`. */
  readonly run_name: string | null;
  /** False when `--idempotency-key` found the run of an earlier try. */
  readonly created: boolean;
}

/** `runs delete`, `restore`, `finish`, `link-traces`: what was done to which. */
export interface ChangedRun {
  readonly run_id: string;
  /** `finish`: the status set. */
  readonly status?: string;
  /** `link-traces`: how many. */
  readonly traces?: number;
}
