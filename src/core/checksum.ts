/** A digest in lower-case hex. `of-parts` (an S3 multipart ETag, say) is never compared with `whole`. */
export interface Checksum {
  readonly algorithm: 'crc32' | 'crc32c' | 'crc64nvme' | 'md5' | 'sha1' | 'sha256';
  readonly value: string;
  readonly scope: 'whole' | 'of-parts';
}
