import { startLocalSite } from '../sites/local.ts';
import { atSite } from '../sites/site.ts';
import { upAndDown } from '../transfer.ts';
import type { Workload } from './workload.ts';

/** From one folder to another: the floor of what the engine costs. */
export const local: Workload = {
  what: '10,000 × 4 KiB and 2 GiB from a folder to another and back',
  run: async (bench) =>
    atSite(startLocalSite(bench), async (site) => [
      ...(await upAndDown(bench, site, { name: 'local-small', files: 10_000, size: 4096 })),
      ...(await upAndDown(bench, site, { name: 'local-large', files: 1, size: 2 * 1024 ** 3 })),
    ]),
};
