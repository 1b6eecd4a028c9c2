import { afterAll, beforeAll } from 'vitest';
import { startHdfs, type HdfsBed } from '../../testbeds/hdfs.ts';
import { CONFORMANCE_HOME, hdfsConformanceBed } from '../../testbeds/hdfs-conformance-bed.ts';
import { makeHome } from '../../testbeds/hdfs-store.ts';
import { startHttpFs, type HttpFsBed } from '../../testbeds/hdfs/http-fs.ts';
import { artifactStoreConformance } from './suite.ts';

let bed: HdfsBed;
let gateway: HttpFsBed;

beforeAll(async () => {
  bed = await startHdfs();
  gateway = await startHttpFs(bed);
  await makeHome(bed, CONFORMANCE_HOME);
});
afterAll(async () => {
  await gateway.stop();
  await bed.stop();
});

artifactStoreConformance(
  hdfsConformanceBed(
    'HttpFS',
    () => bed,
    () => ({ webhdfsUrl: gateway.url }),
    'gap',
  ),
);
