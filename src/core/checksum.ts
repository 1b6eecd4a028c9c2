/** A digest in lower-case hex. `of-parts` (an S3 multipart ETag, say) is never compared with `whole`. */
export interface Checksum {
  readonly algorithm: 'crc32' | 'crc32c' | 'crc64nvme' | 'md5' | 'sha1' | 'sha256';
  readonly value: string;
  readonly scope: 'whole' | 'of-parts';
}

/** The digest of the whole by an algorithm among checksums, in lower-case hex. */
export function digestAmong(
  checksums: readonly Checksum[],
  algorithm: Checksum['algorithm'],
): string | undefined {
  return checksums
    .find((each) => each.algorithm === algorithm && each.scope === 'whole')
    ?.value.toLowerCase();
}
