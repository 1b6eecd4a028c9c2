import { redactUri } from '../../../core/redact.ts';
import type { Experiment } from '../../../tracking/entities.ts';
import type { ExperimentDetails, ExperimentItem } from '../../output/experiments.ts';

/** An experiment as `--output json` shows it in a list. */
export function experimentItem(experiment: Experiment): ExperimentItem {
  return {
    experiment_id: experiment.experimentId,
    name: experiment.name,
    artifact_location: redactUri(experiment.artifactLocation),
    lifecycle_stage: experiment.lifecycleStage,
    creation_time: experiment.creationTime ?? null,
    last_update_time: experiment.lastUpdateTime ?? null,
    tags: experiment.tags,
  };
}

/** All fields of `mlflow experiments get --output json`, in its order. */
export function experimentDetails(experiment: Experiment): ExperimentDetails {
  const item = experimentItem(experiment);
  return {
    artifact_location: item.artifact_location,
    creation_time: item.creation_time,
    effective_trace_archival_retention: experiment.effectiveTraceArchivalRetention ?? null,
    experiment_id: item.experiment_id,
    last_update_time: item.last_update_time,
    lifecycle_stage: item.lifecycle_stage,
    name: item.name,
    tags: item.tags,
    trace_location: experiment.traceLocation ?? null,
    workspace: experiment.workspace ?? null,
  };
}
