import { expect, test } from 'vitest';
import { actionOf } from '../../../../src/artifacts/stores/s3/action.ts';

test.each([
  [{ method: 'HEAD' }, 's3:ListBucket'],
  [{ method: 'GET', query: { versioning: '' } }, 's3:GetBucketVersioning'],
  [{ method: 'GET', query: { versions: '', prefix: 'a' } }, 's3:ListBucketVersions'],
  [{ method: 'GET', query: { lifecycle: '' } }, 's3:GetLifecycleConfiguration'],
  [{ method: 'GET', query: { uploads: '', prefix: 'a' } }, 's3:ListBucketMultipartUploads'],
  [{ method: 'DELETE', key: 'a', query: { versionId: 'v' } }, 's3:DeleteObjectVersion'],
  [{ method: 'GET', query: { 'list-type': '2' } }, 's3:ListBucket'],
  [{ method: 'POST', query: { delete: '' } }, 's3:DeleteObject'],
  [{ method: 'GET', key: 'k' }, 's3:GetObject'],
  [{ method: 'HEAD', key: 'k' }, 's3:GetObject'],
  [{ method: 'PUT', key: 'k' }, 's3:PutObject'],
  [{ method: 'POST', key: 'k', query: { uploads: '' } }, 's3:PutObject'],
  [{ method: 'PUT', key: 'k', query: { uploadId: 'u', partNumber: '1' } }, 's3:PutObject'],
  [{ method: 'POST', key: 'k', query: { uploadId: 'u' } }, 's3:PutObject'],
  [{ method: 'DELETE', key: 'k' }, 's3:DeleteObject'],
  [{ method: 'DELETE', key: 'k', query: { uploadId: 'u' } }, 's3:AbortMultipartUpload'],
] as const)('%o needs %s', (question, action) => {
  expect(actionOf(question)).toBe(action);
});
