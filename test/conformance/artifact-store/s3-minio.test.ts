import { afterAll, beforeAll } from 'vitest';
import { startMinio, type S3Bed } from '../../testbeds/s3.ts';
import { BUCKET, LOCKED, s3ConformanceBed } from '../../testbeds/s3-conformance-bed.ts';
import { assumeRole, type RoleKeys } from '../../testbeds/s3-role.ts';
import { artifactStoreConformance } from './suite.ts';

let bed: S3Bed;
let role: RoleKeys;

beforeAll(async () => {
  bed = await startMinio();
  await bed.createBucket(BUCKET);
  role = await assumeRole(bed, LOCKED);
});
afterAll(async () => bed.stop());

artifactStoreConformance(
  s3ConformanceBed(
    'S3 on MinIO',
    () => bed,
    ['sha256'],
    () => role,
  ),
);
