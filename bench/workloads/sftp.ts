import { startSftpSite } from '../sites/sftp.ts';
import { atSite } from '../sites/site.ts';
import { upAndDown } from '../transfer.ts';
import type { Workload } from './workload.ts';

/** Files over SSH. */
export const sftp: Workload = {
  what: '1,000 × 64 KiB to an SFTP server and back',
  run: async (bench) =>
    atSite(startSftpSite(), async (site) =>
      upAndDown(bench, site, { name: 'sftp', files: 1000, size: 64 * 1024 }),
    ),
};
