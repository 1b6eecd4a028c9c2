/** MLflow's entities, in MLflow's own words. Times are ms since the epoch. */
export type LifecycleStage = 'active' | 'deleted';
export type View = 'active_only' | 'deleted_only' | 'all';
export const RUN_STATUSES = ['RUNNING', 'SCHEDULED', 'FINISHED', 'FAILED', 'KILLED'] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];
export type Tags = Readonly<Record<string, string>>;

export interface Experiment {
  readonly experimentId: string;
  readonly name: string;
  readonly artifactLocation: string;
  readonly lifecycleStage: LifecycleStage;
  readonly creationTime?: number;
  readonly lastUpdateTime?: number;
  readonly tags: Tags;
  readonly workspace?: string;
  readonly traceLocation?: string;
  readonly effectiveTraceArchivalRetention?: string;
}

export interface Metric {
  readonly key: string;
  /** NaN and infinities included. */
  readonly value: number;
  readonly timestamp: number;
  readonly step: number;
}

export interface RunInfo {
  readonly runId: string;
  readonly experimentId: string;
  readonly runName?: string;
  readonly userId?: string;
  readonly status: RunStatus;
  readonly startTime?: number;
  readonly endTime?: number;
  /** Frozen when the run was created. */
  readonly artifactUri: string;
  readonly lifecycleStage: LifecycleStage;
  /** When it was deleted; unknown over REST and for runs deleted before MLflow recorded it. */
  readonly deletedTime?: number;
}

export interface Dataset {
  readonly name: string;
  readonly digest: string;
  readonly sourceType: string;
  readonly source: string;
  readonly schema?: string;
  readonly profile?: string;
}

export interface DatasetInput {
  readonly dataset: Dataset;
  readonly tags: Tags;
}

export interface Run {
  readonly info: RunInfo;
  readonly metrics: readonly Metric[];
  readonly params: Readonly<Record<string, string>>;
  readonly tags: Tags;
  readonly datasetInputs: readonly DatasetInput[];
  readonly modelInputs: readonly { readonly modelId: string }[];
  readonly modelOutputs: readonly { readonly modelId: string; readonly step: number }[];
}

export interface LoggedModel {
  readonly modelId: string;
  readonly experimentId: string;
  readonly name: string;
  readonly artifactLocation: string;
  readonly sourceRunId?: string;
}

export interface ModelVersion {
  readonly name: string;
  readonly version: string;
  readonly source: string;
  readonly storageLocation?: string;
  readonly runId?: string;
  readonly stage?: string;
}
