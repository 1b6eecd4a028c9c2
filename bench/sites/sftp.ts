import { appendFile, chmod, mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeKey, sftpPythonPath, startSshd, type Sshd } from '../../test/testbeds/sshd.ts';
import { keptIn } from './served.ts';
import type { Site } from './site.ts';

/** The stock client's package knows RSA keys only, and looks hosts up without their port. */
async function suitStock({ home, dir, port }: Sshd): Promise<void> {
  const ssh = join(home, '.ssh');
  await makeKey(join(ssh, 'id_rsa'), 'rsa');
  await appendFile(join(dir, 'authorized_keys'), await readFile(join(ssh, 'id_rsa.pub')));
  await writeFile(join(ssh, 'config'), 'Host 127.0.0.1\n  IdentityFile ~/.ssh/id_rsa\n');
  const known = await readFile(join(ssh, 'known_hosts'), 'utf8');
  await appendFile(join(ssh, 'known_hosts'), known.replaceAll(`[127.0.0.1]:${port}`, '127.0.0.1'));
}

/** OpenSSH's server. rclone runs no commands there; it moves as many files at once as mlstow does over four connections. */
export async function startSftpSite(): Promise<Site> {
  const sshd = await startSshd();
  await suitStock(sshd);
  const served = join(sshd.dir, 'served');
  await mkdir(served);
  await chmod(served, 0o777);
  return {
    env: {
      HOME: sshd.home,
      PYTHONPATH: await sftpPythonPath(),
      RCLONE_CONFIG_SFTP_TYPE: 'sftp',
      RCLONE_CONFIG_SFTP_HOST: sshd.host,
      RCLONE_CONFIG_SFTP_PORT: String(sshd.port),
      RCLONE_CONFIG_SFTP_USER: sshd.user,
      RCLONE_CONFIG_SFTP_KEY_FILE: sshd.identityFile,
      RCLONE_CONFIG_SFTP_KNOWN_HOSTS_FILE: sshd.knownHosts,
      RCLONE_CONFIG_SFTP_SHELL_TYPE: 'none',
    },
    location: `sftp://${sshd.user}@${sshd.host}:${sshd.port}${served}`,
    remote: (path) => `sftp:${served}/${path}`,
    rcloneFlags: () => ['--transfers', '16', '--checkers', '16'],
    stock: true,
    ...keptIn(served),
    stop: () => sshd.stop(),
  };
}
