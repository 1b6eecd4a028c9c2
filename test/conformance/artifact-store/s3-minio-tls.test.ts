import { afterAll, beforeAll } from 'vitest';
import { startMinio, type S3Bed } from '../../testbeds/s3.ts';
import { BUCKET, s3ConformanceBed } from '../../testbeds/s3-conformance-bed.ts';
import { artifactStoreConformance } from './suite.ts';

let bed: S3Bed;

beforeAll(async () => {
  bed = await startMinio({ tls: true });
  await bed.createBucket(BUCKET);
});
afterAll(async () => bed.stop());

artifactStoreConformance(s3ConformanceBed('S3 on MinIO over TLS', () => bed, ['md5']));
