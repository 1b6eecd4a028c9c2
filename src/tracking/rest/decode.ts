import {
  RUN_STATUSES,
  type Dataset,
  type Experiment,
  type LoggedModel,
  type ModelVersion,
} from '../entities.ts';
import type { Run, RunInfo, RunStatus } from '../entities.ts';
import { keyed, number, object, objects, present, required, text, type JsonObject } from './fields.ts';

function lifecycleStage(from: JsonObject): 'active' | 'deleted' {
  return text(from, 'lifecycle_stage') === 'deleted' ? 'deleted' : 'active';
}

function status(from: JsonObject): RunStatus {
  const said = text(from, 'status');
  return RUN_STATUSES.find((known) => known === said) ?? 'RUNNING';
}

/** `Experiment` of mlflow/protos/service.proto. */
export function experimentOf(from: JsonObject): Experiment {
  return present<Experiment>({
    experimentId: required(from, 'experiment_id', 'experiment'),
    name: text(from, 'name') ?? '',
    artifactLocation: text(from, 'artifact_location') ?? '',
    lifecycleStage: lifecycleStage(from),
    creationTime: number(from, 'creation_time'),
    lastUpdateTime: number(from, 'last_update_time'),
    tags: keyed(from, 'tags'),
    workspace: text(from, 'workspace'),
    traceLocation: text(from, 'trace_location'),
    effectiveTraceArchivalRetention: text(from, 'effective_trace_archival_retention'),
  });
}

/** `RunInfo`; servers before 1.0 knew `run_uuid` only. */
export function runInfoOf(from: JsonObject): RunInfo {
  return present<RunInfo>({
    runId: text(from, 'run_id') ?? required(from, 'run_uuid', 'run'),
    experimentId: text(from, 'experiment_id') ?? '',
    runName: text(from, 'run_name'),
    userId: text(from, 'user_id'),
    status: status(from),
    startTime: number(from, 'start_time'),
    endTime: number(from, 'end_time'),
    artifactUri: text(from, 'artifact_uri') ?? '',
    lifecycleStage: lifecycleStage(from),
    deletedTime: undefined,
  });
}

function datasetOf(from: JsonObject): Dataset {
  return present<Dataset>({
    name: text(from, 'name') ?? '',
    digest: text(from, 'digest') ?? '',
    sourceType: text(from, 'source_type') ?? '',
    source: text(from, 'source') ?? '',
    schema: text(from, 'schema'),
    profile: text(from, 'profile'),
  });
}

/** `Run` with its data, inputs and outputs. */
export function runOf(from: JsonObject): Run {
  const data = object(from, 'data');
  const inputs = object(from, 'inputs');
  return {
    info: runInfoOf(object(from, 'info')),
    metrics: objects(data, 'metrics').map((metric) => ({
      key: text(metric, 'key') ?? '',
      value: number(metric, 'value') ?? 0,
      timestamp: number(metric, 'timestamp') ?? 0,
      step: number(metric, 'step') ?? 0,
    })),
    params: keyed(data, 'params'),
    tags: keyed(data, 'tags'),
    datasetInputs: objects(inputs, 'dataset_inputs').map((input) => ({
      dataset: datasetOf(object(input, 'dataset')),
      tags: keyed(input, 'tags'),
    })),
    modelInputs: objects(inputs, 'model_inputs').map((input) => ({ modelId: text(input, 'model_id') ?? '' })),
    modelOutputs: objects(object(from, 'outputs'), 'model_outputs').map((output) => ({
      modelId: text(output, 'model_id') ?? '',
      step: number(output, 'step') ?? 0,
    })),
  };
}

/** `LoggedModel`, whose facts are in `info`. */
export function loggedModelOf(from: JsonObject): LoggedModel {
  const info = object(from, 'info');
  return present<LoggedModel>({
    modelId: required(info, 'model_id', 'logged model'),
    experimentId: text(info, 'experiment_id') ?? '',
    name: text(info, 'name') ?? '',
    artifactLocation: text(info, 'artifact_uri') ?? '',
    sourceRunId: text(info, 'source_run_id') || undefined,
  });
}

/** `ModelVersion` of mlflow/protos/model_registry.proto; the storage location is not on the wire. */
export function modelVersionOf(from: JsonObject): ModelVersion {
  return present<ModelVersion>({
    name: required(from, 'name', 'model version'),
    version: required(from, 'version', 'model version'),
    source: text(from, 'source') ?? '',
    storageLocation: undefined,
    runId: text(from, 'run_id') || undefined,
    stage: text(from, 'current_stage'),
  });
}
