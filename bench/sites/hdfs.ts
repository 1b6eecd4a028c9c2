import { startHdfs, SUPERUSER } from '../../test/testbeds/hdfs.ts';
import type { Bench } from '../bench.ts';
import { keptByRclone, type Site } from './site.ts';

/**
 * A NameNode and a DataNode: mlstow over WebHDFS, rclone over the RPC protocol. The stock client is no contestant: it
 * needs Hadoop's native library, which no package brings.
 */
export async function startHdfsSite(bench: Bench): Promise<Site> {
  const bed = await startHdfs();
  const env = {
    HADOOP_USER_NAME: SUPERUSER,
    HADOOP_CONF_DIR: bed.confDir,
    RCLONE_CONFIG_HDFS_TYPE: 'hdfs',
    RCLONE_CONFIG_HDFS_NAMENODE: bed.authority,
    RCLONE_CONFIG_HDFS_USERNAME: SUPERUSER,
  };
  const remote = (path: string) => `hdfs:/bench/${path}`;
  return {
    env,
    location: `hdfs://${bed.authority}/bench`,
    remote,
    rcloneFlags: () => ['--transfers', '16', '--checkers', '16'],
    stock: false,
    ...keptByRclone(bench, env, remote),
    stop: () => bed.stop(),
  };
}
