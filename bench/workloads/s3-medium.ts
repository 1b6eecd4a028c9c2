import { startS3Site } from '../sites/s3.ts';
import { atSite } from '../sites/site.ts';
import { upAndDown } from '../transfer.ts';
import type { Workload } from './workload.ts';

/** Files of a few MiB: the cost of a request and of its bytes. */
export const s3Medium: Workload = {
  what: '200 × 4 MiB to S3 and back',
  run: async (bench) =>
    atSite(startS3Site(bench), async (site) =>
      upAndDown(bench, site, { name: 's3-medium', files: 200, size: 4 * 1024 ** 2 }),
    ),
};
