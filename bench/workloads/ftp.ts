import { startFtpSite } from '../sites/ftp.ts';
import { atSite } from '../sites/site.ts';
import { upAndDown } from '../transfer.ts';
import type { Workload } from './workload.ts';

/** Files over FTP: a data connection for each. */
export const ftp: Workload = {
  what: '1,000 × 64 KiB to an FTP server and back',
  run: async (bench) =>
    atSite(startFtpSite(), async (site) =>
      upAndDown(bench, site, { name: 'ftp', files: 1000, size: 64 * 1024 }),
    ),
};
