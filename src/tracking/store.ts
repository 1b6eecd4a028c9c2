import type { Io } from '../core/io.ts';
import type { Collectable } from './collect.ts';
import type {
  Experiment,
  LoggedModel,
  ModelVersion,
  Run,
  RunInfo,
  RunStatus,
  Tags,
  View,
} from './entities.ts';

/**
 * Where experiments and runs are recorded: small roles, each present iff its tables or endpoints are. Every member
 * raises `Failure` and nothing else: `not-found` for a missing id, `exists` for a name taken, `invalid` for a value the
 * store refuses, `denied`, `unauthenticated`, `unavailable`, `timeout`.
 */
export interface TrackingStore {
  /** Redacted URI. */
  readonly label: string;
  /** `network`: other machines see the same records, so a local artifact path needs proof that it is shared. */
  readonly reach: 'local' | 'network';
  readonly experiments: Experiments;
  readonly runs: Runs;
  readonly loggedModels?: LoggedModels;
  readonly registry?: Registry;
  readonly traces?: Traces;
  /** A server that lists a run's artifacts with its own eyes. */
  readonly serverArtifacts?: ServerArtifacts;
  /** Only where the rows themselves can be reached. */
  readonly collect?: Collectable;
  close(): Promise<void>;
}

export interface NewExperiment {
  readonly name: string;
  /** Absent: the store chooses from its default artifact root. */
  readonly artifactLocation?: string;
  readonly tags: Tags;
  /** Only stock servers of 3.x know it; elsewhere `unsupported`. */
  readonly traceArchivalRetention?: string;
}

/** What changes of an experiment. */
export interface ExperimentChange {
  readonly name?: string;
}

export interface Experiments {
  /** Creates and gives the id. @throws Failure exists (also when a deleted experiment holds the name) */
  create(experiment: NewExperiment, io: Io): Promise<string>;
  get(experimentId: string, io: Io): Promise<Experiment>;
  /** Also finds a deleted one. */
  findByName(name: string, io: Io): Promise<Experiment | undefined>;
  /** Pages to the end, newest first. */
  search(
    options: { readonly view: View; readonly maxResults?: number },
    io: Io,
  ): AsyncIterable<readonly Experiment[]>;
  /**
   * Soft-deletes it and every active run in it. A run deleted earlier keeps its deletion time where the store is ours to
   * write; MLflow's own server overwrites it.
   * @throws Failure not-found unless active
   */
  delete(experimentId: string, io: Io): Promise<void>;
  /** Restores it and every run in it. @throws Failure not-found unless deleted */
  restore(experimentId: string, io: Io): Promise<void>;
  update(experimentId: string, change: ExperimentChange, io: Io): Promise<void>;
  setTag(experimentId: string, key: string, value: string, io: Io): Promise<void>;
  /** Removes a tag of an active experiment. @throws Failure not-found when it has none */
  deleteTag(experimentId: string, key: string, io: Io): Promise<void>;
}

export interface NewRun {
  readonly experimentId: string;
  readonly userId: string;
  readonly runName?: string;
  readonly startTime: number;
  readonly tags: Tags;
}

export interface RunSearch {
  readonly experimentIds: readonly string[];
  readonly view: View;
  /** Only runs that carry this tag with this value. */
  readonly tag?: { readonly key: string; readonly value: string };
}

export interface Runs {
  /** Creates a RUNNING run. @throws Failure not-found, invalid (deleted experiment) */
  create(run: NewRun, io: Io): Promise<RunInfo>;
  get(runId: string, io: Io): Promise<Run>;
  /** Pages to the end, newest start first. */
  search(search: RunSearch, io: Io): AsyncIterable<readonly Run[]>;
  update(
    runId: string,
    change: { readonly status?: RunStatus; readonly endTime?: number; readonly runName?: string },
    io: Io,
  ): Promise<void>;
  setTag(runId: string, key: string, value: string, io: Io): Promise<void>;
  delete(runId: string, io: Io): Promise<void>;
  restore(runId: string, io: Io): Promise<void>;
}

export interface LoggedModels {
  get(modelId: string, io: Io): Promise<LoggedModel>;
}

export interface Registry {
  version(name: string, version: string, io: Io): Promise<ModelVersion>;
  byAlias(name: string, alias: string, io: Io): Promise<ModelVersion>;
  /** The newest version in a stage; `latest` (any case) for the newest of all stages. */
  byStage(name: string, stage: string, io: Io): Promise<ModelVersion>;
  /** Where its files are: storage location, else source. */
  downloadUri(version: ModelVersion, io: Io): Promise<string>;
}

export interface Traces {
  link(runId: string, traceIds: readonly string[], io: Io): Promise<void>;
}

export interface ServerArtifact {
  readonly path: string;
  readonly isDirectory: boolean;
  readonly size?: number;
}

export interface ServerArtifacts {
  /** What the server sees directly below `path` of the run's artifact root; paths are relative to that root. */
  list(runId: string, path: string, io: Io): Promise<readonly ServerArtifact[]>;
}
