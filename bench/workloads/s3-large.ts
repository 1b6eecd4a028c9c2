import { startS3Site } from '../sites/s3.ts';
import { atSite } from '../sites/site.ts';
import { upAndDown } from '../transfer.ts';
import type { Workload } from './workload.ts';

/** One large file: parts on the way up, and the cost of bytes. */
export const s3Large: Workload = {
  what: '2 GiB to S3 and back',
  run: async (bench) =>
    atSite(startS3Site(bench), async (site) =>
      upAndDown(bench, site, { name: 's3-large', files: 1, size: 2 * 1024 ** 3 }),
    ),
};
