import { startS3Site } from '../sites/s3.ts';
import { atSite } from '../sites/site.ts';
import { upAndDown } from '../transfer.ts';
import type { Workload } from './workload.ts';

/** Many small files: the cost of a request. */
export const s3Small: Workload = {
  what: '10,000 × 4 KiB to S3 and back',
  run: async (bench) =>
    atSite(startS3Site(bench), async (site) =>
      upAndDown(bench, site, { name: 's3-small', files: 10_000, size: 4096 }),
    ),
};
