import type { Call } from './client.ts';

type Question = Pick<Call, 'method' | 'key' | 'query'>;

/** What is asked of a bucket besides its objects, by the parameter that asks for it. */
const OF_BUCKET: Readonly<Record<string, string>> = {
  versioning: 's3:GetBucketVersioning',
  versions: 's3:ListBucketVersions',
  lifecycle: 's3:GetLifecycleConfiguration',
  uploads: 's3:ListBucketMultipartUploads',
};

/**
 * What a policy must allow for a request, such as `s3:PutObject`:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 */
export function actionOf({ method, key, query = {} }: Question): string {
  const [asked] = Object.keys(query);
  if (key === undefined && method !== 'POST') return OF_BUCKET[asked ?? ''] ?? 's3:ListBucket';
  if (key === undefined) return 's3:DeleteObject';
  if (method === 'GET' || method === 'HEAD') return 's3:GetObject';
  if (method !== 'DELETE') return 's3:PutObject';
  if ('versionId' in query) return 's3:DeleteObjectVersion';
  return 'uploadId' in query ? 's3:AbortMultipartUpload' : 's3:DeleteObject';
}
