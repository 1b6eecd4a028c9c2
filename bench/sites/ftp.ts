import { join } from 'node:path';
import { startVsftpd } from '../../test/testbeds/ftp.ts';
import { ftpUri } from '../../test/testbeds/ftp-store.ts';
import { rcloneCommand } from '../../test/testbeds/rclone.ts';
import { mustRun } from '../../test/testbeds/run-command.ts';
import { keptIn } from './served.ts';
import type { Site } from './site.ts';

/** Debian's vsftpd; rclone with as many connections as mlstow. */
export async function startFtpSite(): Promise<Site> {
  const bed = await startVsftpd();
  const { stdout } = await mustRun(await rcloneCommand(), ['obscure', '-'], { input: bed.password });
  return {
    env: {
      RCLONE_CONFIG_FTP_TYPE: 'ftp',
      RCLONE_CONFIG_FTP_HOST: '127.0.0.1',
      RCLONE_CONFIG_FTP_PORT: String(bed.port),
      RCLONE_CONFIG_FTP_USER: bed.user,
      RCLONE_CONFIG_FTP_PASS: stdout.trim(),
    },
    location: ftpUri(bed, 'bench'),
    remote: (path) => `ftp:${bed.path}/bench/${path}`,
    rcloneFlags: () => ['--transfers', '4', '--checkers', '4'],
    stock: true,
    ...keptIn(join(bed.root, 'bench')),
    stop: () => bed.stop(),
  };
}
