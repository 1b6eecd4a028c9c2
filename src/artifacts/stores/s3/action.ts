import type { Call } from './client.ts';

type Question = Pick<Call, 'method' | 'key' | 'query'>;

/**
 * What a policy must allow for a request, such as `s3:PutObject`:
 * https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 */
export function actionOf({ method, key, query = {} }: Question): string {
  if (key === undefined) return method === 'POST' ? 's3:DeleteObject' : 's3:ListBucket';
  if (method === 'GET' || method === 'HEAD') return 's3:GetObject';
  if (method !== 'DELETE') return 's3:PutObject';
  return 'uploadId' in query ? 's3:AbortMultipartUpload' : 's3:DeleteObject';
}
