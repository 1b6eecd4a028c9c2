import { redactUri } from '../../../core/redact.ts';
import type { Metric, Run, RunInfo } from '../../../tracking/entities.ts';
import type { DatasetInputItem, MetricValue, RunDetails, RunItem } from '../../output/runs.ts';

/** A run's facts, in the order of `mlflow runs describe`. */
export function runItem(info: RunInfo): RunItem {
  return {
    artifact_uri: redactUri(info.artifactUri),
    end_time: info.endTime ?? null,
    experiment_id: info.experimentId,
    lifecycle_stage: info.lifecycleStage,
    run_id: info.runId,
    run_name: info.runName ?? null,
    start_time: info.startTime ?? null,
    status: info.status,
    user_id: info.userId ?? null,
  };
}

function metricValue(value: number): MetricValue {
  if (Number.isNaN(value)) return 'NaN';
  if (Number.isFinite(value)) return value;
  return value < 0 ? '-Infinity' : 'Infinity';
}

function datasetInputs(run: Run): readonly DatasetInputItem[] {
  return run.datasetInputs.map(({ dataset, tags }) => ({
    dataset: {
      digest: dataset.digest,
      name: dataset.name,
      profile: dataset.profile ?? null,
      schema: dataset.schema ?? null,
      source: redactUri(dataset.source),
      source_type: dataset.sourceType,
    },
    tags,
  }));
}

/** Metrics by key, each value as `show` gives it. */
export function metricsByKey<T>(
  metrics: readonly Metric[],
  show: (value: number) => T,
): Readonly<Record<string, T>> {
  return Object.fromEntries(metrics.map(({ key, value }) => [key, show(value)]));
}

/** The whole run, as `--output json` shows it. */
export function runDetails(run: Run): RunDetails {
  return {
    info: runItem(run.info),
    data: { metrics: metricsByKey(run.metrics, metricValue), params: run.params, tags: run.tags },
    inputs: {
      model_inputs: run.modelInputs.map(({ modelId }) => ({ model_id: modelId })),
      dataset_inputs: datasetInputs(run),
    },
    outputs: { model_outputs: run.modelOutputs.map(({ modelId, step }) => ({ model_id: modelId, step })) },
  };
}
