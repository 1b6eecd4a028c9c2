import { join } from 'node:path';
import { connectSftp, type SftpBackend } from '../../src/artifacts/stores/sftp/backend.ts';
import type { SftpOptions } from '../../src/artifacts/stores/sftp/options.ts';
import { parseLocation, type Location } from '../../src/core/location.ts';
import type { Sshd } from './sshd.ts';

/** What a client of ours needs to know of a server. */
export type Target = Pick<Sshd, 'host' | 'port' | 'user' | 'home'>;

/** A directory on a server. */
export function sftpLocation({ host, port, user }: Target, path: string): Location {
  return parseLocation(`sftp://${user}@${host}:${port}${path}`);
}

/** Our backend with the files of a bed's home; `overrides` wins. */
export function connectTo(target: Target, overrides: Partial<SftpOptions> = {}): SftpBackend {
  return connectSftp({
    home: target.home,
    user: target.user,
    configFile: join(target.home, '.ssh', 'config'),
    sessions: 2,
    connectMs: 20_000,
    idleMs: 30_000,
    warn: () => undefined,
    ...overrides,
  });
}
