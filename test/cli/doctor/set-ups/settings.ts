import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rootCertificates } from 'node:tls';
import { mlstow, type DoctorPlace } from '../doctor-place.ts';
import type { Blanks } from '../follow-remedy.ts';
import type { BrokenSetUp } from './broken-set-up.ts';

async function pemFile({ home }: DoctorPlace): Promise<Blanks> {
  const file = join(home, 'authority.pem');
  await writeFile(file, rootCertificates[0] ?? '');
  return { '/PATH/TO/FILE.pem': file };
}

async function removeLine(file: string, line: number): Promise<void> {
  const lines = (await readFile(file, 'utf8')).split('\n');
  await writeFile(file, lines.toSpliced(line - 1, 1).join('\n'));
}

const projectFile = ({ cwd }: DoctorPlace): string => join(cwd, 'mlstow.config.yaml');
/** What goes wrong with settings of every kind. */
export const SETTING_SET_UPS: readonly BrokenSetUp[] = [
  {
    what: 'MLFLOW_ARTIFACT_URI, which stock clients ignore',
    id: 'D36',
    level: 'warn',
    env: { MLFLOW_ARTIFACT_URI: 's3://bucket/models' },
    evidence: ['s3://bucket/models', 'stock MLflow ignores it'],
    remedy: ['mlstow experiments create -n NAME -l s3://bucket/models', 'unset MLFLOW_ARTIFACT_URI'],
    blanks: { NAME: 'mended' },
  },
  {
    what: 'MLFLOW_ARTIFACT_URI with a scheme that nobody opens',
    id: 'D36',
    level: 'fail',
    env: { MLFLOW_ARTIFACT_URI: 'dbfs:/models' },
    evidence: ['dbfs', 'MLFLOW_ARTIFACT_URI'],
    remedy: ['set MLFLOW_ARTIFACT_URI=s3://BUCKET/PATH', 'unset MLFLOW_ARTIFACT_URI'],
    blanks: { 'set MLFLOW_ARTIFACT_URI=s3://BUCKET/PATH, or ': '' },
  },
  {
    what: 'a slip in the name of a variable of MLflow',
    id: 'D42',
    level: 'warn',
    env: { MLFLOW_TRACKING_URL: 'http://mlflow:5000' },
    evidence: ['did you mean MLFLOW_TRACKING_URI'],
    remedy: ['set MLFLOW_TRACKING_URI and unset MLFLOW_TRACKING_URL'],
  },
  {
    what: 'the name of a variable cut short',
    id: 'D42',
    level: 'warn',
    env: { MLFLOW_S3_ENDPOINT: 'http://minio:9000' },
    evidence: ['did you mean MLFLOW_S3_ENDPOINT_URL'],
    remedy: ['set MLFLOW_S3_ENDPOINT_URL and unset MLFLOW_S3_ENDPOINT'],
  },
  {
    what: 'a slip in a variable of our own',
    id: 'D42',
    level: 'warn',
    env: { MLSTOW_SHARED_PATH: '/mnt' },
    evidence: ['did you mean MLSTOW_SHARED_PATHS'],
    remedy: ['set MLSTOW_SHARED_PATHS and unset MLSTOW_SHARED_PATH'],
  },
  {
    what: 'a variable of our own that is none',
    id: 'D42',
    level: 'warn',
    env: { MLSTOW_NOTHING_LIKE_IT_AT_ALL: '1' },
    evidence: ['nothing reads it'],
    remedy: ['unset MLSTOW_NOTHING_LIKE_IT_AT_ALL'],
  },
  {
    what: "a proxy that catches a tracking server of one's own network",
    id: 'D43',
    level: 'warn',
    env: {
      MLFLOW_TRACKING_URI: 'http://mlflow:5000',
      HTTP_PROXY: 'http://proxy.corp:3128',
      no_proxy: 'a.example',
    },
    evidence: ['mlflow:5000', 'proxy.corp:3128', 'HTTP_PROXY'],
    remedy: ['set no_proxy=a.example,mlflow'],
  },
  {
    what: 'a proxy that catches the store',
    id: 'D43',
    level: 'warn',
    env: { MLFLOW_S3_ENDPOINT_URL: 'https://10.0.0.5:9000', https_proxy: 'http://proxy.corp:3128' },
    evidence: ['10.0.0.5:9000', 'https_proxy'],
    remedy: ['set NO_PROXY=10.0.0.5'],
  },
  {
    what: 'a proxy that speaks another protocol',
    id: 'D43',
    level: 'fail',
    env: { MLFLOW_TRACKING_URI: 'https://mlflow.example', https_proxy: 'socks5://proxy.corp:1080' },
    evidence: ['socks5', 'https_proxy'],
    remedy: ['set https_proxy=http://HOST:PORT'],
    blanks: { 'http://HOST:PORT': 'http://proxy.corp:3128' },
  },
  {
    what: 'a configuration file beaten by a variable',
    id: 'D44',
    level: 'warn',
    build: (place) => writeFile(projectFile(place), 's3:\n  region: eu-west-1\n'),
    env: { AWS_REGION: 'us-east-1' },
    evidence: ['AWS_REGION beats s3.region', 'mlstow.config.yaml:2', 'us-east-1, not eu-west-1'],
    remedy: ['unset AWS_REGION'],
  },
  {
    what: "a project file that names a secret's place",
    id: 'D51',
    level: 'warn',
    build: (place) => writeFile(projectFile(place), 's3:\n  region: eu-west-1\n  caBundle: /evil.pem\n'),
    evidence: ['s3.caBundle cannot be set in a project file', 'line 3'],
    remedy: ['remove s3.caBundle from', 'line 3', '--s3-ca-bundle or AWS_CA_BUNDLE'],
    mend: (place) => removeLine(projectFile(place), 3),
  },
  {
    what: 'a key that does not exist',
    id: 'D51',
    level: 'warn',
    build: (place) => writeFile(projectFile(place), 's3:\n  regoin: eu-west-1\n'),
    evidence: ['s3.regoin is not a setting'],
    remedy: ['write s3.region in place of s3.regoin'],
    mend: (place) => writeFile(projectFile(place), 's3:\n  region: eu-west-1\n'),
  },
  {
    what: 'a value that cannot be read',
    id: 'D50',
    level: 'fail',
    env: { MLFLOW_HTTP_REQUEST_MAX_RETRIES: 'many' },
    evidence: ['MLFLOW_HTTP_REQUEST_MAX_RETRIES is not a whole number'],
    remedy: ['correct or remove MLFLOW_HTTP_REQUEST_MAX_RETRIES'],
    blanks: { 'correct or remove MLFLOW': 'unset MLFLOW' },
  },
  {
    what: 'certificates that are not checked',
    id: 'D52',
    level: 'warn',
    env: { MLFLOW_TRACKING_INSECURE_TLS: 'true' },
    evidence: ['MLFLOW_TRACKING_INSECURE_TLS', 'the tracking server'],
    remedy: ['unset MLFLOW_TRACKING_INSECURE_TLS', 'MLFLOW_TRACKING_SERVER_CERT_PATH'],
  },
  {
    what: "both ways to deal with the tracking server's certificate",
    id: 'D34',
    level: 'fail',
    env: { MLFLOW_TRACKING_INSECURE_TLS: 'true', MLFLOW_TRACKING_SERVER_CERT_PATH: '/corp.pem' },
    evidence: ['MLFLOW_TRACKING_INSECURE_TLS', 'MLFLOW_TRACKING_SERVER_CERT_PATH'],
    remedy: ['unset MLFLOW_TRACKING_INSECURE_TLS'],
  },
  {
    what: 'a bundle that is not there',
    id: 'D53',
    level: 'fail',
    env: { AWS_CA_BUNDLE: '/absent.pem' },
    evidence: ['/absent.pem that AWS_CA_BUNDLE names does not exist'],
    remedy: ['set AWS_CA_BUNDLE=/PATH/TO/FILE.pem'],
    blanks: pemFile,
  },
  {
    what: 'a bundle that is none',
    id: 'D53',
    level: 'fail',
    build: ({ home }) => writeFile(join(home, 'no.pem'), 'hello'),
    env: ({ home }) => ({ MLFLOW_TRACKING_SERVER_CERT_PATH: join(home, 'no.pem') }),
    evidence: ['it holds no PEM certificate'],
    remedy: ['set MLFLOW_TRACKING_SERVER_CERT_PATH=/PATH/TO/FILE.pem'],
    blanks: pemFile,
  },
  {
    what: 'a user name without a password',
    id: 'D55',
    level: 'warn',
    env: { MLFLOW_TRACKING_USERNAME: 'ada' },
    evidence: ['without a password'],
    remedy: ['set MLFLOW_TRACKING_PASSWORD as well'],
    blanks: { 'set MLFLOW_TRACKING_PASSWORD as well': 'set MLFLOW_TRACKING_PASSWORD=hunter22' },
  },
  {
    what: 'a password without a user name',
    id: 'D55',
    level: 'warn',
    env: { MLFLOW_TRACKING_PASSWORD: 'hunter22' },
    evidence: ['without a user name'],
    remedy: ['set MLFLOW_TRACKING_USERNAME as well'],
    blanks: { 'set MLFLOW_TRACKING_USERNAME as well': 'set MLFLOW_TRACKING_USERNAME=ada' },
  },
  {
    what: 'a user name and a token',
    id: 'D55',
    level: 'warn',
    env: {
      MLFLOW_TRACKING_USERNAME: 'ada',
      MLFLOW_TRACKING_PASSWORD: 'hunter22',
      MLFLOW_TRACKING_TOKEN: 'hunter23',
    },
    evidence: ['the token is ignored'],
    remedy: ['unset MLFLOW_TRACKING_TOKEN'],
  },
  {
    what: 'a token that goes through the Internet in the clear',
    id: 'D55',
    level: 'warn',
    env: { MLFLOW_TRACKING_TOKEN: 'hunter22', MLFLOW_TRACKING_URI: 'http://mlflow.example.com' },
    evidence: ['MLFLOW_TRACKING_TOKEN goes to mlflow.example.com without encryption'],
    remedy: ['set MLFLOW_TRACKING_URI=https://mlflow.example.com'],
  },
  {
    what: 'a shared path that is not mounted',
    id: 'D57',
    level: 'fail',
    env: ({ home }) => ({ MLSTOW_SHARED_PATHS: join(home, 'mnt') }),
    evidence: ['mnt is not a folder on this machine'],
    remedy: ['mount it at', 'unset MLSTOW_SHARED_PATHS'],
    mend: ({ home }) => mkdir(join(home, 'mnt')),
  },
  {
    what: 'a target that is not in these records',
    id: 'D54',
    level: 'fail',
    build: (place) => mlstow(place, 'experiments', 'create', '-n', 'churn'),
    args: ['experiment:chrun'],
    evidence: ['chrun'],
    remedy: ['mlstow experiments'],
    mend: (place) => mlstow(place, 'experiments', 'create', '-n', 'chrun'),
  },
  {
    what: 'records in a folder, which stock MLflow refuses',
    id: 'D27',
    level: 'warn',
    env: ({ cwd }) => ({ MLFLOW_TRACKING_URI: join(cwd, 'mlruns') }),
    evidence: ['mlruns', 'refuses'],
    remedy: ['set MLFLOW_ALLOW_FILE_STORE=true', 'mlflow migrate-filestore --source'],
  },
];
