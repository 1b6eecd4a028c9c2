import { startS3Site } from '../sites/s3.ts';
import { upAndDown } from '../transfer.ts';
import type { Workload } from './workload.ts';

/** One large file: parts on the way up, and the cost of bytes. */
export const s3Large: Workload = {
  what: '2 GiB to S3 and back',
  run: async (bench) => {
    const site = await startS3Site(bench);
    try {
      return await upAndDown(bench, site, { name: 's3-large', files: 1, size: 2 * 1024 ** 3 });
    } finally {
      await site.stop();
    }
  },
};
