import { STORES } from '../../artifacts/registry.ts';
import type { FtpBackend, FtpOptions } from '../../artifacts/stores/ftp/backend.ts';
import type { Config } from '../../config/resolve.ts';
import { readTrust } from '../../net/tls-trust.ts';
import type { StoresOptions } from '../backend.ts';

/**
 * The settings of FTP as its store takes them.
 * @throws Failure misconfigured when the file of authorities cannot be read
 */
export function ftpOptions(config: Config): Omit<FtpOptions, 'clock'> {
  const tls = config.get('ftp.tls');
  const password = config.get('ftp.password');
  const caFile = config.get('net.caFile');
  const connectMs = config.get('http.timeout');
  const connections = config.get('ftp.connections');
  const idleMs = config.get('artifacts.timeout') ?? connectMs;
  const trust = readTrust({
    ...(caFile === undefined || tls === 'off' ? {} : { caFile }),
    verifyTls: !config.get('ftp.ignoreTls'),
    connectMs,
    maxSockets: connections,
    names: { caFile: 'SSL_CERT_FILE', verifyTls: 'MLSTOW_FTP_IGNORE_TLS' },
  });
  return {
    ...(password === undefined ? {} : { password }),
    tls,
    trust,
    connections,
    connectMs,
    ...(Number.isFinite(idleMs) ? { idleMs } : {}),
  };
}

/** FTP as the settings of a session have it. */
export async function connectFtpStore({ config, clock }: StoresOptions): Promise<FtpBackend> {
  const connectFtp = await STORES.ftp.load();
  return connectFtp({ ...ftpOptions(config), clock });
}
