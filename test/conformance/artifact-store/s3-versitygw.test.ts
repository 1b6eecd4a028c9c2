import { afterAll, beforeAll } from 'vitest';
import { startVersitygw, type S3Bed } from '../../testbeds/s3.ts';
import { BUCKET, s3ConformanceBed } from '../../testbeds/s3-conformance-bed.ts';
import { artifactStoreConformance } from './suite.ts';

let bed: S3Bed;

beforeAll(async () => {
  bed = await startVersitygw();
  await bed.createBucket(BUCKET);
});
afterAll(async () => bed.stop());

artifactStoreConformance(s3ConformanceBed('S3 on versitygw', () => bed, ['sha256']));
