import { afterAll, beforeAll } from 'vitest';
import { startHdfs, type HdfsBed } from '../../testbeds/hdfs.ts';
import { CONFORMANCE_HOME, hdfsConformanceBed } from '../../testbeds/hdfs-conformance-bed.ts';
import { makeHome } from '../../testbeds/hdfs-store.ts';
import { artifactStoreConformance } from './suite.ts';

let bed: HdfsBed;

beforeAll(async () => {
  bed = await startHdfs();
  await makeHome(bed, CONFORMANCE_HOME);
});
afterAll(async () => bed.stop());

artifactStoreConformance(
  hdfsConformanceBed(
    'WebHDFS',
    () => bed,
    () => ({}),
    'replace',
  ),
);
