import { createHash } from 'node:crypto';

const MD5 = /^[0-9a-f]{32}$/;

/** An ETag without its quotes. */
export function tagOf(etag: string): string {
  return etag.replace(/^"|"$/g, '');
}

/**
 * The MD5 that a store tells of an object or a part: Google's in its own header, at S3 and those like it the ETag, unless
 * a KMS or customer key encrypts it. Undefined where it tells none.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html
 * @see https://cloud.google.com/storage/docs/xml-api/reference-headers#xgooghash
 */
export function md5Told(headers: Readonly<Record<string, string>>): string | undefined {
  const google = /(?:^|[\s,])md5=([A-Za-z0-9+/]{22}==)/.exec(headers['x-goog-hash'] ?? '')?.[1];
  if (google !== undefined) return Buffer.from(google, 'base64').toString('hex');
  const tag = tagOf(headers['etag'] ?? '');
  const keyed =
    (headers['x-amz-server-side-encryption'] ?? '').startsWith('aws:kms') ||
    headers['x-amz-server-side-encryption-customer-algorithm'] !== undefined;
  return MD5.test(tag) && !keyed ? tag : undefined;
}

/** The ETag of an object in parts: the MD5 of the parts' MD5s; undefined where the parts' tags are none. */
export function tagOfParts(etags: readonly string[]): string | undefined {
  const tags = etags.map(tagOf);
  if (!tags.every((tag) => MD5.test(tag))) return undefined;
  return `${createHash('md5')
    .update(Buffer.from(tags.join(''), 'hex'))
    .digest('hex')}-${tags.length}`;
}
