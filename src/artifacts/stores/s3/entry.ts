import type { ArtifactPath } from '../../../core/artifact-path.ts';
import type { Checksum } from '../../../core/checksum.ts';
import type { Entry, Version } from '../../store.ts';
import { toHex } from './digest.ts';

const MD5 = /^[0-9a-f]{32}$/;
const CONFIRMED = (['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'] as const).map((algorithm) => ({
  algorithm,
  header: `x-amz-checksum-${algorithm}`,
}));

/** An ETag without its quotes. */
export function bareTag(etag: string): string {
  return etag.replace(/^"|"$/g, '');
}

/** A version from an ETag; objects with one ETag hold the same bytes. */
export function versionOf(etag: string | undefined): { readonly version?: Version } {
  return etag === undefined || etag === ''
    ? {}
    : { version: { id: bareTag(etag), strong: !etag.startsWith('W/') } };
}

/** The ETag of an object stored in one piece is its MD5, unless a KMS or customer key encrypts it. */
export function md5Of(headers: Readonly<Record<string, string>>): string | undefined {
  const tag = bareTag(headers['etag'] ?? '');
  const encryption = headers['x-amz-server-side-encryption'] ?? '';
  const keyed =
    encryption.startsWith('aws:kms') ||
    headers['x-amz-server-side-encryption-customer-algorithm'] !== undefined;
  return MD5.test(tag) && !keyed ? tag : undefined;
}

/** The checksums that an answer of GET, HEAD or PUT tells. */
export function checksumsOf(headers: Readonly<Record<string, string>>): readonly Checksum[] {
  const composite = headers['x-amz-checksum-type'] === 'COMPOSITE';
  const told: Checksum[] = [];
  for (const { algorithm, header } of CONFIRMED) {
    const value = headers[header];
    if (value === undefined) continue;
    const parts = composite || value.includes('-');
    const hex = toHex(value.replace(/-\d+$/, ''));
    told.push({ algorithm, value: hex, scope: parts ? 'of-parts' : 'whole' });
  }
  const md5 = md5Of(headers);
  if (md5 !== undefined) told.push({ algorithm: 'md5', value: md5, scope: 'whole' });
  return told;
}

/** The entry that an answer of GET or HEAD describes; `size` in bytes of the whole object. */
export function entryOf(
  path: ArtifactPath,
  headers: Readonly<Record<string, string>>,
  size: number | undefined,
): Entry {
  const modified = headers['last-modified'];
  return {
    path,
    kind: 'file',
    ...(size === undefined ? {} : { size }),
    ...(modified === undefined ? {} : { modified: new Date(modified) }),
    ...versionOf(headers['etag']),
    checksums: checksumsOf(headers),
  };
}
