import { startS3Site } from '../sites/s3.ts';
import { upAndDown } from '../transfer.ts';
import type { Workload } from './workload.ts';

/** Many small files: the cost of a request. */
export const s3Small: Workload = {
  what: '10,000 × 4 KiB to S3 and back',
  run: async (bench) => {
    const site = await startS3Site(bench);
    try {
      return await upAndDown(bench, site, { name: 's3-small', files: 10_000, size: 4096 });
    } finally {
      await site.stop();
    }
  },
};
