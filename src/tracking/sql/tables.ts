/**
 * The columns of MLflow's tables that we use (mlflow/store/tracking/dbmodels/models.py). A database of an older release
 * lacks some: ask the schema facts before naming one.
 */
export interface Tables {
  alembic_version: { version_num: string };
  workspaces: {
    name: string;
    default_artifact_root: string | null;
    trace_archival_location: string | null;
  };
  experiments: {
    experiment_id: number;
    name: string;
    workspace: string;
    artifact_location: string | null;
    lifecycle_stage: string;
    creation_time: number | null;
    last_update_time: number | null;
  };
  experiment_tags: { key: string; value: string | null; experiment_id: number };
  runs: RunRow;
  tags: { key: string; value: string | null; run_uuid: string };
  params: { key: string; value: string; run_uuid: string };
  latest_metrics: {
    key: string;
    value: number;
    timestamp: number | null;
    step: number;
    is_nan: number | boolean;
    run_uuid: string;
  };
  datasets: {
    dataset_uuid: string;
    experiment_id: number;
    name: string;
    digest: string;
    dataset_source_type: string;
    dataset_source: string;
    dataset_schema: string | null;
    dataset_profile: string | null;
  };
  inputs: {
    input_uuid: string;
    source_type: string;
    source_id: string;
    destination_type: string;
    destination_id: string;
    step: number;
  };
  input_tags: { input_uuid: string; name: string; value: string };
  assessments: { assessment_id: string; assessment_metadata: string | null };
  entity_associations: {
    association_id: string;
    source_type: string;
    source_id: string;
    destination_type: string;
    destination_id: string;
    created_time: number | null;
  };
  logged_models: {
    model_id: string;
    experiment_id: number;
    name: string;
    artifact_location: string;
    lifecycle_stage: string | null;
    source_run_id: string | null;
    last_updated_timestamp_ms: number;
  };
  logged_model_tags: { model_id: string; experiment_id: number; tag_key: string; tag_value: string };
  trace_info: { request_id: string; experiment_id: number };
  trace_tags: { key: string; value: string | null; request_id: string };
  model_versions: {
    workspace: string;
    name: string;
    version: number;
    current_stage: string | null;
    source: string | null;
    storage_location: string | null;
    run_id: string | null;
  };
  registered_model_aliases: { workspace: string; name: string; alias: string; version: number };
}

/** A row of `runs`. */
export interface RunRow {
  run_uuid: string;
  name: string | null;
  source_type: string | null;
  source_name: string | null;
  entry_point_name: string | null;
  user_id: string | null;
  status: string | null;
  start_time: number | null;
  end_time: number | null;
  source_version: string | null;
  lifecycle_stage: string | null;
  artifact_uri: string | null;
  experiment_id: number;
  deleted_time: number | null;
}
