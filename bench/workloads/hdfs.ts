import { startHdfsSite } from '../sites/hdfs.ts';
import { atSite } from '../sites/site.ts';
import { upAndDown } from '../transfer.ts';
import type { Workload } from './workload.ts';

/** Files to Hadoop, by HTTP against RPC. */
export const hdfs: Workload = {
  what: '200 × 1 MiB to HDFS and back',
  run: async (bench) =>
    atSite(startHdfsSite(bench), async (site) =>
      upAndDown(bench, site, { name: 'hdfs', files: 200, size: 1024 ** 2 }),
    ),
};
