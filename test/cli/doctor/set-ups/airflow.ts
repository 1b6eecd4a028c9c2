import type { Environment } from '../doctor-place.ts';
import type { BrokenSetUp } from './broken-set-up.ts';

const TASK = { AIRFLOW_CTX_DAG_ID: 'train' };

/** Records that go with the task. */
const TRACKING: readonly (readonly [what: string, env: Environment, evidence: string])[] = [
  ['without a tracking URI', {}, 'no tracking URI is set in this Airflow task of DAG train'],
  [
    'with a relative database',
    { MLFLOW_TRACKING_URI: 'sqlite:///mlflow.db' },
    'sqlite:///mlflow.db is relative',
  ],
  ['with its records in a local folder', { MLFLOW_TRACKING_URI: './mlruns' }, './mlruns is relative'],
  [
    'with its records in a temporary directory',
    { MLFLOW_TRACKING_URI: 'file:///tmp/mlruns' },
    'file:///tmp/mlruns is in a temporary directory',
  ],
  ['that is allowed to be careless', { MLSTOW_ALLOW_LOCAL: 'true' }, 'no tracking URI is set'],
];

const RESERVED = [
  'MLFLOW_BACKEND_STORE_URI',
  'MLFLOW_DEFAULT_ARTIFACT_ROOT',
  'MLFLOW_SERVE_ARTIFACTS',
  'MLFLOW_HOST',
  'MLFLOW_STATIC_PREFIX',
  '_MLFLOW_SERVER_ARTIFACT_ROOT',
];

/** What goes wrong in an Airflow task, and with what belongs to the server. */
export const AIRFLOW_SET_UPS: readonly BrokenSetUp[] = [
  ...TRACKING.map(([what, env, evidence]): BrokenSetUp => ({
    what: `an Airflow task ${what}`,
    id: 'D26',
    level: 'fail',
    env: { ...TASK, ...env },
    evidence: [evidence],
    remedy: ['set MLFLOW_TRACKING_URI to your tracking server', 'append_env=True'],
    blanks: { ' to your tracking server, such as http://mlflow:5000,': '=http://mlflow:5000' },
  })),
  {
    what: 'an Airflow task with its records on the disk of one worker',
    id: 'D26',
    level: 'warn',
    env: { ...TASK, MLFLOW_TRACKING_URI: 'sqlite:////srv/mlflow.db' },
    evidence: ['sqlite:////srv/mlflow.db, on the disk of this worker'],
    remedy: ['set MLFLOW_TRACKING_URI to your tracking server'],
    blanks: { ' to your tracking server, such as http://mlflow:5000,': '=http://mlflow:5000' },
  },
  ...['artifacts', '/tmp/artifacts'].map((uri): BrokenSetUp => ({
    what: `an Airflow task with its artifacts in ${uri}`,
    id: 'D59',
    level: 'fail',
    env: { ...TASK, MLFLOW_ARTIFACT_URI: uri },
    evidence: [`the artifact location ${uri} is`],
    remedy: ['set MLFLOW_ARTIFACT_URI=s3://BUCKET/PATH'],
    blanks: { 's3://BUCKET/PATH': 's3://bucket/path' },
  })),
  ...RESERVED.map((name): BrokenSetUp => ({
    what: `${name}, which is the server's, on a client`,
    id: 'D33',
    level: 'warn',
    env: { MLFLOW_TRACKING_URI: 'http://mlflow:5000', [name]: 'something' },
    evidence: [`${name} is set here`],
    remedy: [`unset ${name}`],
  })),
];
