import { join } from 'node:path';
import { cached } from '../bed-cache.ts';
import { mlflowPython } from '../mlflow.ts';
import { mustRun } from '../run-command.ts';

const PACKAGES = ['hdfs-native==0.14.7', 'fsspec==2025.9.0'];

/**
 * What puts another HDFS client under the stock repository: MLflow asks pyarrow for libhdfs, which needs Hadoop's native
 * library and is in no package; hdfs-native speaks the same RPC. All else of the repository is MLflow's own.
 */
export const STOCK_ON_HDFS = `
import pyarrow.fs
from hdfs_native.fsspec import HdfsFileSystem
from mlflow.store.artifact import hdfs_artifact_repo

def hadoop(host, port=0, user=None, kerb_ticket=None, extra_conf=None):
    name = host.split("://")[-1]
    client = HdfsFileSystem(host=name, port=port or None)
    return pyarrow.fs.PyFileSystem(pyarrow.fs.FSSpecHandler(client))

hdfs_artifact_repo.HadoopFileSystem = hadoop
`;

/** A folder for PYTHONPATH with the client and what joins it to pyarrow. */
export async function hdfsNativeClient(): Promise<string> {
  const python = await mlflowPython();
  return cached('hdfs-native', '0.14.7', async (dir) => {
    const target = ['--target', join(dir, 'site'), '--no-deps', '--only-binary', ':all:'];
    await mustRun(python, ['-m', 'pip', 'install', '--quiet', '--no-input', ...target, ...PACKAGES]);
  }).then((dir) => join(dir, 'site'));
}
