import type { Checksum } from '../../../core/checksum.ts';

export type Algorithm = Checksum['algorithm'];

/** Hex as base64, the form of S3's headers. */
export function toBase64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}

/** Base64 as lower-case hex. */
export function toHex(base64: string): string {
  return Buffer.from(base64, 'base64').toString('hex');
}

/** The header by which S3 takes and tells a checksum; MD5 has one of its own. */
export function checksumHeader(algorithm: Algorithm): string {
  return algorithm === 'md5' ? 'content-md5' : `x-amz-checksum-${algorithm}`;
}
