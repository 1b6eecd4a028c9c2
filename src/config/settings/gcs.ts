import { defineSettings } from '../setting.ts';

const KIB_256 = 256 * 1024;

/** Google Cloud Storage. */
export const GCS = defineSettings({
  'gcs.credentialsFile': {
    type: 'path',
    variables: ['GOOGLE_APPLICATION_CREDENTIALS'],
    projectFile: 'refused',
    help: 'Key file of a service account or workload identity. Unset: gcloud, then the machine.',
  },
  'gcs.project': {
    type: 'string',
    variables: ['GOOGLE_CLOUD_PROJECT'],
    projectFile: 'allowed',
    help: 'Project of the credentials.',
  },
  'gcs.anonymous': {
    type: 'boolean',
    variables: ['MLSTOW_GCS_ANONYMOUS'],
    default: false,
    projectFile: 'refused',
    help: 'Send no credentials, as for a public bucket.',
    note: 'MLflow does so by itself when it finds no credentials; here that is an error.',
  },
  'gcs.apiEndpoint': {
    type: 'url',
    variables: ['MLSTOW_GCS_API_ENDPOINT', 'STORAGE_EMULATOR_HOST'],
    projectFile: 'refused',
    help: 'Endpoint in place of https://storage.googleapis.com, such as an emulator.',
    note: "STORAGE_EMULATOR_HOST gets no credentials, as with Google's own clients.",
  },
  'gcs.timeout': {
    type: 'duration',
    unit: 's',
    variables: [
      {
        name: 'MLFLOW_GCS_DEFAULT_TIMEOUT',
        deprecated: true,
        replacedBy: 'MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT',
      },
    ],
    minusOne: 'no-limit',
    default: 60_000,
    projectFile: 'allowed',
    help: 'What artifacts.timeout is for GCS when it is unset; -1 for no limit.',
  },
  'gcs.uploadChunkSize': {
    type: 'bytes',
    variables: ['MLFLOW_GCS_UPLOAD_CHUNK_SIZE'],
    min: KIB_256,
    multipleOf: KIB_256,
    default: 104_857_600,
    projectFile: 'allowed',
    help: 'Size of one sent chunk: a multiple of 256 KiB.',
    note: "100 MiB as MLflow's documentation of the artifact store says; MLflow 3.17 itself leaves it to Google's client.",
  },
  'gcs.downloadChunkSize': {
    type: 'bytes',
    variables: ['MLFLOW_GCS_DOWNLOAD_CHUNK_SIZE'],
    min: KIB_256,
    multipleOf: KIB_256,
    default: 104_857_600,
    projectFile: 'allowed',
    help: 'Size of one range read: a multiple of 256 KiB.',
    note: "100 MiB as MLflow's documentation of the artifact store says; MLflow 3.17 itself leaves it to Google's client.",
  },
});
