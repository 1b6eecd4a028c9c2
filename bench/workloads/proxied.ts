import { startProxiedSite } from '../sites/proxied.ts';
import { atSite } from '../sites/site.ts';
import { upAndDown } from '../transfer.ts';
import type { Workload } from './workload.ts';

/** Artifacts through a stock server, which sets the pace: what counts is what the client costs. */
export const proxied: Workload = {
  what: '1,000 × 4 KiB and 1 GiB through a stock mlflow server and back',
  run: async (bench) =>
    atSite(startProxiedSite(), async (site) => [
      ...(await upAndDown(bench, site, { name: 'proxied-small', files: 1000, size: 4096 })),
      ...(await upAndDown(bench, site, { name: 'proxied-large', files: 1, size: 1024 ** 3 })),
    ]),
};
