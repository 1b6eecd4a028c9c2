import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { mlstow, type DoctorPlace } from '../doctor-place.ts';
import type { BrokenSetUp } from './broken-set-up.ts';

async function hadoopFolder({ home }: DoctorPlace): Promise<string> {
  const folder = join(home, 'hadoop');
  await mkdir(folder, { recursive: true });
  const property = '<property><name>fs.defaultFS</name><value>hdfs://nn:8020</value></property>';
  await writeFile(join(folder, 'core-site.xml'), `<configuration>${property}</configuration>`);
  return folder;
}

/** What goes wrong with the other stores. */
export const STORE_SET_UPS: readonly BrokenSetUp[] = [
  {
    what: 'the deprecated time-out of GCS',
    id: 'D37',
    level: 'warn',
    env: { MLFLOW_GCS_DEFAULT_TIMEOUT: '90' },
    evidence: ['MLFLOW_GCS_DEFAULT_TIMEOUT is deprecated', '1m30s'],
    remedy: ['set MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT=90 and unset MLFLOW_GCS_DEFAULT_TIMEOUT'],
  },
  {
    what: 'an upload chunk for GCS that is no multiple of 256 KiB',
    id: 'D38',
    level: 'fail',
    env: { MLFLOW_GCS_UPLOAD_CHUNK_SIZE: '1000000' },
    evidence: ['MLFLOW_GCS_UPLOAD_CHUNK_SIZE', '262144'],
    remedy: ['set MLFLOW_GCS_UPLOAD_CHUNK_SIZE=1048576'],
  },
  {
    what: 'a download chunk for GCS that is no number',
    id: 'D38',
    level: 'fail',
    env: { MLFLOW_GCS_DOWNLOAD_CHUNK_SIZE: '100MB' },
    evidence: ['MLFLOW_GCS_DOWNLOAD_CHUNK_SIZE is not a number of bytes'],
    remedy: ['set MLFLOW_GCS_DOWNLOAD_CHUNK_SIZE=104857600'],
  },
  {
    what: 'a key file of Google that is not mounted',
    id: 'D56',
    level: 'fail',
    env: { GOOGLE_APPLICATION_CREDENTIALS: '/secrets/absent.json' },
    evidence: ['/secrets/absent.json', 'does not exist'],
    remedy: ['set GOOGLE_APPLICATION_CREDENTIALS=/PATH/TO/KEY.json'],
    blanks: async ({ home }) => {
      await writeFile(join(home, 'key.json'), '{"type": "service_account"}');
      return { '/PATH/TO/KEY.json': join(home, 'key.json') };
    },
  },
  {
    what: 'a key file of Google that is something else',
    id: 'D56',
    level: 'fail',
    build: ({ home }) => writeFile(join(home, 'key.json'), 'hunter22'),
    env: ({ home }) => ({ GOOGLE_APPLICATION_CREDENTIALS: join(home, 'key.json') }),
    evidence: ['is no JSON'],
    remedy: ['unset GOOGLE_APPLICATION_CREDENTIALS'],
    mend: ({ home }) => writeFile(join(home, 'key.json'), '{"type": "authorized_user"}'),
  },
  {
    what: 'two Azure credentials for wasbs',
    id: 'D39',
    level: 'warn',
    env: {
      AZURE_STORAGE_CONNECTION_STRING: 'AccountName=one;AccountKey=aHVudGVyMjI=',
      AZURE_STORAGE_ACCESS_KEY: 'aHVudGVyMjM=',
    },
    evidence: [
      'AZURE_STORAGE_CONNECTION_STRING wins',
      'AZURE_STORAGE_ACCESS_KEY and DefaultAzureCredential are ignored',
    ],
    remedy: ['unset AZURE_STORAGE_ACCESS_KEY'],
  },
  {
    what: 'two Azure credentials for abfss',
    id: 'D39',
    level: 'warn',
    env: { AZURE_STORAGE_SAS_TOKEN: 'sv=1&sig=hunter22', AZURE_STORAGE_ACCESS_KEY: 'aHVudGVyMjM=' },
    evidence: ['abfss: AZURE_STORAGE_SAS_TOKEN wins'],
    remedy: ['unset AZURE_STORAGE_ACCESS_KEY'],
  },
  {
    what: 'a connection string without an account',
    id: 'D39',
    level: 'fail',
    env: { AZURE_STORAGE_CONNECTION_STRING: 'AccountKey=aHVudGVyMjI=' },
    evidence: ['AZURE_STORAGE_CONNECTION_STRING names no AccountName'],
    remedy: ['set AZURE_STORAGE_CONNECTION_STRING to what the storage account shows'],
    blanks: {
      ' to what the storage account shows under "Access keys"': `='AccountName=one;AccountKey=aHVudGVyMjI='`,
    },
  },
  {
    what: 'a service principal without a tenant',
    id: 'D39',
    level: 'warn',
    env: { AZURE_CLIENT_ID: 'app', AZURE_CLIENT_SECRET: 'hunter22' },
    evidence: ['AZURE_CLIENT_SECRET is set without AZURE_TENANT_ID'],
    remedy: ['set AZURE_TENANT_ID as well'],
    blanks: { 'set AZURE_TENANT_ID as well': 'set AZURE_TENANT_ID=tenant' },
  },
  {
    what: 'a password in an SFTP location',
    id: 'D45',
    level: 'warn',
    env: { MLFLOW_ARTIFACT_URI: 'sftp://ada:hunter22@host/models' },
    evidence: ['sftp://ada:***@host/models'],
    remedy: ['set MLFLOW_ARTIFACT_URI=sftp://ada@host/models', 'MLSTOW_SFTP_IDENTITY_FILE'],
  },
  {
    what: 'a password in an FTP location',
    id: 'D45',
    level: 'warn',
    env: { MLFLOW_ARTIFACTS_DESTINATION: 'ftp://ada:hunter22@host/models' },
    evidence: ['ftp://ada:***@host/models'],
    remedy: ['set MLFLOW_ARTIFACTS_DESTINATION=ftp://ada@host/models', 'MLSTOW_FTP_PASSWORD'],
  },
  {
    what: 'a password in the tracking URI',
    id: 'D45',
    level: 'warn',
    env: { MLFLOW_TRACKING_URI: 'http://ada:hunter22@localhost:5000' },
    evidence: ['http://ada:***@localhost:5000'],
    remedy: ['set MLFLOW_TRACKING_URI=http://ada@localhost:5000', 'MLFLOW_TRACKING_PASSWORD'],
  },
  {
    what: 'a password that experiments record',
    id: 'D30',
    level: 'warn',
    build: (place) =>
      mlstow(place, 'experiments', 'create', '-n', 'old', '-l', 'sftp://ada:hunter22@host/models'),
    evidence: ['experiment 1', 'sftp://ada:***@host/models'],
    remedy: ['mlstow experiments create -n NAME -l sftp://ada@host/models', 'mlstow experiments delete -x 1'],
    blanks: { NAME: 'mended' },
  },
  {
    what: 'a private key that is not there',
    id: 'D48',
    level: 'fail',
    env: { MLSTOW_SFTP_IDENTITY_FILE: '~/.ssh/absent' },
    evidence: ['.ssh/absent', 'does not exist'],
    remedy: ['set MLSTOW_SFTP_IDENTITY_FILE=~/.ssh/id_ed25519'],
    blanks: async ({ home }) => {
      await mkdir(join(home, '.ssh'));
      await writeFile(join(home, '.ssh', 'id_ed25519'), '');
      return {};
    },
  },
  {
    what: 'a fingerprint of another kind',
    id: 'D48',
    level: 'fail',
    env: { MLSTOW_SFTP_HOST_KEY_FINGERPRINT: 'MD5:43:51:43:a1' },
    evidence: ['no SHA256 fingerprint'],
    remedy: ['set MLSTOW_SFTP_HOST_KEY_FINGERPRINT=SHA256:…', 'ssh-keygen -lf'],
    blanks: { 'SHA256:…': `SHA256:${'A'.repeat(43)}` },
  },
  {
    what: "a folder of Hadoop's configuration that is not there",
    id: 'D40',
    level: 'fail',
    env: { HADOOP_CONF_DIR: '/absent/hadoop' },
    evidence: ['no core-site.xml in /absent/hadoop'],
    remedy: ['set HADOOP_CONF_DIR to the folder that holds core-site.xml'],
    blanks: async (place) => ({
      'set HADOOP_CONF_DIR to the folder that holds core-site.xml and hdfs-site.xml': `set HADOOP_CONF_DIR=${await hadoopFolder(place)}`,
    }),
  },
  {
    what: 'an hdfs: location that needs a configuration, without one',
    id: 'D46',
    level: 'fail',
    build: (place) => mlstow(place, 'experiments', 'create', '-n', 'a', '-l', 'hdfs:///models'),
    evidence: ['it names no host'],
    remedy: ['set HADOOP_CONF_DIR to the folder with core-site.xml'],
    blanks: async (place) => ({
      'write hdfs://host:8020/path, or set HADOOP_CONF_DIR to the folder with core-site.xml': `set HADOOP_CONF_DIR=${await hadoopFolder(place)}`,
    }),
  },
  {
    what: 'parts that S3 does not take',
    id: 'D47',
    level: 'warn',
    env: { MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE: '1048576' },
    evidence: ['smaller than the 5 MiB'],
    remedy: ['set MLFLOW_MULTIPART_UPLOAD_CHUNK_SIZE=104857600'],
  },
];
