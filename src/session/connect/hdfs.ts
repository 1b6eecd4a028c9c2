import { userInfo } from 'node:os';
import { STORES } from '../../artifacts/registry.ts';
import type { HdfsBackend, HdfsOptions } from '../../artifacts/stores/hdfs/backend.ts';
import type { Config } from '../../config/resolve.ts';
import { createNet } from '../../net/create-net.ts';
import type { NetOptions } from '../../net/net.ts';
import { trackingNet } from '../net-options.ts';
import type { StoresOptions } from '../backend.ts';

const HDFS_SOCKETS = 32;

/** The settings of Hadoop as its store takes them. */
function hdfsOptions(config: Config): Omit<HdfsOptions, 'net' | 'maxSockets'> {
  const token = config.get('hdfs.delegationToken');
  const webhdfsUrl = config.get('hdfs.webhdfsUrl');
  const confDir = config.get('hdfs.confDir');
  const home = config.get('hdfs.home');
  const principal = config.get('hdfs.kerberosUser');
  const ticketCache = config.get('hdfs.kerberosTicketCache');
  return {
    driver: config.get('hdfs.driver'),
    user: config.get('hdfs.user') ?? userInfo().username,
    extraConf: config.get('hdfs.extraConf'),
    ...(token === undefined ? {} : { delegationToken: token }),
    ...(webhdfsUrl === undefined ? {} : { webhdfsUrl }),
    ...(confDir === undefined ? {} : { confDir }),
    ...(home === undefined ? {} : { home }),
    ...(ticketCache === undefined ? {} : { ticketCache }),
    ...(principal === undefined ? {} : { principal }),
  };
}

/** How name nodes and data nodes are reached: through the proxies, and with the trust, of all other connections. */
function hdfsNet(config: Config): NetOptions {
  const { httpProxy, httpsProxy, noProxy, connectMs, idleMs: usual } = trackingNet(config);
  const idleMs = config.get('artifacts.timeout') ?? usual;
  const caFile = config.get('net.caFile');
  return {
    connectMs,
    verifyTls: true,
    maxSockets: HDFS_SOCKETS,
    ...(httpProxy === undefined ? {} : { httpProxy }),
    ...(httpsProxy === undefined ? {} : { httpsProxy }),
    ...(noProxy === undefined ? {} : { noProxy }),
    ...(caFile === undefined ? {} : { caFile }),
    ...(idleMs !== undefined && Number.isFinite(idleMs) ? { idleMs } : {}),
    names: { caFile: 'SSL_CERT_FILE', timeout: 'MLFLOW_ARTIFACT_UPLOAD_DOWNLOAD_TIMEOUT' },
  };
}

/** Opens Hadoop file systems with a session's settings. @throws Failure misconfigured */
export async function connectHdfsStore({ config }: StoresOptions): Promise<HdfsBackend> {
  const connectHdfs = await STORES.hdfs.load();
  const net = createNet(hdfsNet(config));
  return connectHdfs({ ...hdfsOptions(config), maxSockets: HDFS_SOCKETS, net });
}
