import { chmod, mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Environment } from '../../cli/doctor/doctor-place.ts';
import { azurePythonPath, startAzurite } from '../../testbeds/azurite.ts';
import { uriOf } from '../../testbeds/azurite-store.ts';
import type { Bed } from '../../testbeds/bed.ts';
import { gcsPythonPath, startFakeGcs } from '../../testbeds/fake-gcs.ts';
import { startHdfs } from '../../testbeds/hdfs.ts';
import { makeHome } from '../../testbeds/hdfs-store.ts';
import { startSshd } from '../../testbeds/sshd.ts';

/** A store, and what a client of it has. */
export interface OtherStore {
  readonly location: string;
  readonly env: Environment;
  /** The home directory of a client, where it is more than variables. */
  readonly home?: string;
}

export type StoreName = 'Azure' | 'GCS' | 'SFTP' | 'HDFS';

export interface OtherStores extends Bed {
  readonly of: Readonly<Record<StoreName, OtherStore>>;
  /** What a stock server needs for those that it has drivers for: Azure and GCS. */
  readonly server: Environment;
}

const BOX = 'models';

/** One of each kind of store but S3. */
export async function startOtherStores(): Promise<OtherStores> {
  const [azure, gcs, sshd, hdfs] = await Promise.all([
    startAzurite(),
    startFakeGcs(),
    startSshd(),
    startHdfs(),
  ]);
  const served = join(sshd.dir, 'served');
  await mkdir(served);
  await Promise.all([
    chmod(served, 0o777),
    azure.createContainer(BOX),
    gcs.createBucket(BOX),
    makeHome(hdfs, '/mlflow'),
  ]);
  const onAzure = { AZURE_STORAGE_CONNECTION_STRING: azure.connectionString };
  const onGcs = { STORAGE_EMULATOR_HOST: gcs.endpoint };
  const onHdfs = { HADOOP_USER_NAME: 'alice', HADOOP_CONF_DIR: hdfs.confDir };
  const sftp = `sftp://${sshd.user}@127.0.0.1:${sshd.port}${served}/experiment`;
  return {
    of: {
      Azure: { location: uriOf(BOX, 'experiment'), env: onAzure },
      GCS: { location: `gs://${BOX}/experiment`, env: onGcs },
      SFTP: { location: sftp, env: {}, home: sshd.home },
      HDFS: { location: `hdfs://${hdfs.authority}/mlflow/experiment`, env: onHdfs },
    },
    server: {
      ...onAzure,
      ...onGcs,
      PYTHONPATH: `${await azurePythonPath()}:${await gcsPythonPath()}`,
      // Stock servers refuse to connect to hosts that only an experiment names.
      MLFLOW_ALLOWED_HOST_ADDRESSED_ARTIFACT_SCHEMES: 'sftp,hdfs',
    },
    stop: async () => {
      await Promise.all([azure.stop(), gcs.stop(), sshd.stop(), hdfs.stop()]);
    },
  };
}
