import type { ArtifactPath } from '../../../core/artifact-path.ts';
import type { Checksum } from '../../../core/checksum.ts';
import type { Entry, Version } from '../../store.ts';

/** What the SDK tells of a blob, be it looked at, read or listed. */
export interface BlobFacts {
  readonly etag?: string | undefined;
  readonly lastModified?: Date | undefined;
  readonly contentMD5?: Uint8Array | undefined;
  readonly metadata?: Readonly<Record<string, string>> | undefined;
}

/** A version from an ETag, which changes with every write. */
export function versionOf(etag: string | undefined): { readonly version?: Version } {
  return etag === undefined || etag === ''
    ? {}
    : { version: { id: etag.replace(/^"|"$/g, ''), strong: true } };
}

/** An ETag for a condition. */
export function etagOf(version: Version): string {
  return `"${version.id}"`;
}

/** The MD5 that whoever stored a blob gave it, or that Azure computed of a single Put Blob. */
export function md5Of(md5: Uint8Array | undefined): readonly Checksum[] {
  if (md5?.byteLength !== 16) return [];
  return [{ algorithm: 'md5', value: Buffer.from(md5).toString('hex'), scope: 'whole' }];
}

/** Metadata of a blob that was put in blocks by mlstow: the CRC-32 of the whole, in lower-case hex. */
export const CRC32_METADATA = 'mlstow_crc32';

function crc32Of(metadata: BlobFacts['metadata']): readonly Checksum[] {
  const [, value] =
    Object.entries(metadata ?? {}).find(([name]) => name.toLowerCase() === CRC32_METADATA) ?? [];
  return value !== undefined && /^[0-9a-f]{8}$/.test(value)
    ? [{ algorithm: 'crc32', value, scope: 'whole' }]
    : [];
}

/** Data Lake accounts and Hadoop's drivers keep a directory as a blob with this mark; any case may come back. */
export function isFolder(metadata: BlobFacts['metadata']): boolean {
  return Object.entries(metadata ?? {}).some(
    ([name, value]) => name.toLowerCase() === 'hdi_isfolder' && value.toLowerCase() === 'true',
  );
}

/** A blob as an entry; `size` in bytes of the whole blob. */
export function entryOf(path: ArtifactPath, facts: BlobFacts, size: number | undefined): Entry {
  const modified = facts.lastModified === undefined ? {} : { modified: facts.lastModified };
  if (isFolder(facts.metadata)) return { path, kind: 'directory', ...modified, checksums: [] };
  return {
    path,
    kind: 'file',
    ...(size === undefined ? {} : { size }),
    ...modified,
    ...versionOf(facts.etag),
    checksums: [...md5Of(facts.contentMD5), ...crc32Of(facts.metadata)],
  };
}
