import { userInfo } from 'node:os';
import { STORES } from '../../artifacts/registry.ts';
import type { SftpBackend } from '../../artifacts/stores/sftp/backend.ts';
import type { SftpOptions } from '../../artifacts/stores/sftp/options.ts';
import type { Config } from '../../config/resolve.ts';
import { Failure } from '../../core/failure.ts';
import type { StoresOptions } from '../backend.ts';

type Wanted = Pick<SftpOptions, 'configFile' | 'sessions' | 'connectMs' | 'idleMs'>;
type Optional = Omit<SftpOptions, keyof Wanted | 'home' | 'user' | 'warn'>;

const FINGERPRINT = /^SHA256:[A-Za-z0-9+/]{43}=?$/;

function fingerprintOf(config: Config): string | undefined {
  const fingerprint = config.get('sftp.hostKeyFingerprint');
  if (fingerprint === undefined || FINGERPRINT.test(fingerprint)) return fingerprint;
  throw new Failure({
    kind: 'misconfigured',
    message: 'MLSTOW_SFTP_HOST_KEY_FINGERPRINT is not a SHA256 fingerprint',
    hint: 'ssh-keygen -lf /etc/ssh/ssh_host_ed25519_key.pub prints it on the server: SHA256: and 43 characters',
    subject: 'sftp.hostKeyFingerprint',
    settings: ['sftp.hostKeyFingerprint'],
  });
}

/** The settings of SFTP as its store takes them. @throws Failure misconfigured for a malformed fingerprint */
export function sftpOptions(config: Config): Wanted & Optional {
  const optional = {
    knownHosts: config.get('sftp.knownHosts'),
    hostKeyFingerprint: fingerprintOf(config),
    agentSocket: config.get('sftp.agentSocket'),
    identityFile: config.get('sftp.identityFile'),
    identityPassphrase: config.get('sftp.identityPassphrase'),
    password: config.get('sftp.password'),
  };
  const given = Object.entries(optional).filter(([, value]) => value !== undefined);
  const connectMs = config.get('http.timeout');
  return {
    ...(Object.fromEntries(given) as Optional),
    configFile: config.get('sftp.configFile'),
    sessions: config.get('sftp.sessions'),
    connectMs,
    idleMs: config.get('artifacts.timeout') ?? connectMs,
  };
}

/** SSH servers as the settings of a session have them. */
export async function connectSftpStore({ config, home, warn }: StoresOptions): Promise<SftpBackend> {
  const connectSftp = await STORES.sftp.load();
  return connectSftp({ ...sftpOptions(config), home, user: userInfo().username, warn });
}
