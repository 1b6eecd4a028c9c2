import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { CHECKS } from '../../../src/doctor/checks/index.ts';
import { doctorPlace, examine, mlstow, type DoctorPlace, type Environment } from './doctor-place.ts';

interface Healthy {
  readonly what: string;
  readonly env?: Environment | ((place: DoctorPlace) => Environment);
  readonly build?: (place: DoctorPlace) => Promise<unknown>;
}

const HEALTHY: readonly Healthy[] = [
  { what: 'nothing is set and nothing is recorded' },
  {
    what: 'SQLite and a local folder',
    build: (place) => mlstow(place, 'experiments', 'create', '-n', 'churn'),
  },
  {
    what: 'records on this machine and artifacts in S3, Azure, Google, SFTP and HDFS',
    build: async (place) => {
      const roots = [
        's3://bucket/models',
        'wasbs://box@account.blob.core.windows.net/models',
        'gs://bucket/models',
        'sftp://ada@host/models',
        'hdfs://nn:8020/models',
      ];
      for (const root of roots) await mlstow(place, 'experiments', 'create', '-n', root, '-l', root);
    },
    env: {
      MLFLOW_S3_ENDPOINT_URL: 'http://minio:9000',
      AWS_ACCESS_KEY_ID: 'AKIA',
      AWS_SECRET_ACCESS_KEY: 'hunter22',
    },
  },
  {
    what: 'a client of a server with a certificate of its own and a proxy for the rest',
    env: {
      MLFLOW_TRACKING_URI: 'https://mlflow.corp.example',
      MLFLOW_TRACKING_TOKEN: 'hunter22',
      HTTPS_PROXY: 'http://proxy.corp.example:3128',
      NO_PROXY: 'localhost,127.0.0.1,.corp.example',
    },
  },
  {
    what: 'an Airflow task that is told where its server is',
    env: {
      AIRFLOW_CTX_DAG_ID: 'train',
      MLFLOW_TRACKING_URI: 'http://mlflow:5000',
      MLFLOW_TRACKING_USERNAME: 'ada',
      MLFLOW_TRACKING_PASSWORD: 'hunter22',
    },
  },
  {
    what: 'a pod beside a service called mlflow, with variables of a plugin',
    env: {
      MLFLOW_PORT: 'tcp://10.0.0.9:5000',
      MLFLOW_PORT_5000_TCP: 'tcp://10.0.0.9:5000',
      MLFLOW_PORT_5000_TCP_ADDR: '10.0.0.9',
      MLFLOW_SERVICE_HOST: '10.0.0.9',
      MLFLOW_SERVICE_PORT: '5000',
      MLFLOW_TRACKING_SERVER_SERVICE_HOST: '10.0.0.9',
      MLFLOW_OIDC_CLIENT_REALM: 'corp',
      MLFLOW_VERSION: '3.17',
      MLFLOW_BUCKET: 'models',
      MLFLOW_ARTIFACT_BUCKET: 'models',
      MLFLOW_DB_NAME: 'mlflow',
      MLFLOW_SERVER_URL: 'http://mlflow:5000',
      MLFLOW_URI: 'http://mlflow:5000',
      MLFLOW_TRACKING_URI: 'http://mlflow:5000',
    },
  },
  {
    what: 'Amazon with the profile of a workstation, an identity for Azure, an emulator for Google',
    env: {
      AWS_PROFILE: 'prod',
      AWS_REGION: 'eu-west-1',
      AWS_DEFAULT_REGION: 'eu-west-1',
      AZURE_TENANT_ID: 'tenant',
      AZURE_CLIENT_ID: 'app',
      AZURE_CLIENT_SECRET: 'hunter22',
      STORAGE_EMULATOR_HOST: 'http://localhost:4443',
      MLFLOW_GCS_UPLOAD_CHUNK_SIZE: '1048576',
      MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT: '-1',
      KRB5CCNAME: '/tmp/krb5cc_of_a_workstation',
    },
  },
  {
    what: 'a key for every upload and a gateway with a path of its own',
    env: {
      MLFLOW_S3_UPLOAD_EXTRA_ARGS: '{"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "1234"}',
      MLFLOW_S3_ENDPOINT_URL: 'https://project.example/storage/v1/s3',
    },
  },
  {
    what: 'configuration files that say what the environment says',
    build: async ({ cwd, home }) => {
      await writeFile(join(cwd, 'mlstow.config.yaml'), 's3:\n  region: eu-west-1\n');
      await mkdir(join(home, '.config', 'mlstow'), { recursive: true });
      await writeFile(join(home, '.config', 'mlstow', 'config.yaml'), 'artifacts:\n  workers: 4\n');
    },
    env: { AWS_REGION: 'eu-west-1' },
  },
  {
    what: 'a machine that collects garbage from the database',
    env: ({ cwd }) => ({ MLFLOW_BACKEND_STORE_URI: `sqlite:///${join(cwd, 'mlflow.db')}` }),
  },
  {
    what: 'a mounted folder that all machines share',
    build: ({ home }) => mkdir(join(home, 'mnt')),
    env: ({ home }) => ({
      MLSTOW_SHARED_PATHS: join(home, 'mnt'),
      MLFLOW_TRACKING_URI: 'http://mlflow:5000',
    }),
  },
];

const ONLY_CONFIGURATION = CHECKS.filter(({ area }) => area === 'configuration').flatMap(({ id }) => [
  '--only',
  id,
]);

describe('a healthy set-up gives no warning', () => {
  test.each(HEALTHY)('$what', async ({ env = {}, build }) => {
    const place = await doctorPlace();
    await build?.(place);
    const given = typeof env === 'function' ? env(place) : env;
    const remote = /^https?:/.test(given['MLFLOW_TRACKING_URI'] ?? '');
    const flags = ['--strict', ...ONLY_CONFIGURATION, ...(remote ? ['--offline'] : [])];
    const { items, code, stderr } = await examine(place, given, flags);
    expect(items.filter(({ level }) => level === 'warn' || level === 'fail')).toEqual([]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });
});
