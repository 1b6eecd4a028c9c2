import type { ArtifactPath } from '../../../core/artifact-path.ts';
import type { Checksum } from '../../../core/checksum.ts';
import type { Entry } from '../../store.ts';

/** What of an object's resource is asked for. */
export const FIELDS = 'name,size,updated,generation,crc32c,md5Hash';

/** An object's resource: https://cloud.google.com/storage/docs/json_api/v1/objects#resource */
export type Resource = Readonly<Record<string, unknown>>;

/** Hex as base64, the form of Google's checksums. */
export function toBase64(hex: string): string {
  return Buffer.from(hex, 'hex').toString('base64');
}

function checksum(algorithm: 'crc32c' | 'md5', base64: unknown): Checksum[] {
  if (typeof base64 !== 'string' || base64 === '') return [];
  return [{ algorithm, value: Buffer.from(base64, 'base64').toString('hex'), scope: 'whole' }];
}

const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined);

/** A generation stands for one content, for ever. */
function versionOf(generation: string | undefined): Pick<Entry, 'version'> {
  return generation === undefined ? {} : { version: { id: generation, strong: true } };
}

/** The entry that a resource describes. Composed objects have a CRC32C and no MD5. */
export function entryOf(path: ArtifactPath, resource: Resource): Entry {
  const updated = textOf(resource['updated']);
  return {
    path,
    kind: 'file',
    size: Number(resource['size'] ?? 0),
    ...(updated === undefined ? {} : { modified: new Date(updated) }),
    ...versionOf(textOf(resource['generation'])),
    checksums: [...checksum('crc32c', resource['crc32c']), ...checksum('md5', resource['md5Hash'])],
  };
}

/** `crc32c=AAAAAA==,md5=…`; of the whole object, for a part of it too. */
function hashOf(header: string | undefined, name: string): string | undefined {
  const found = (header ?? '').split(',').find((each) => each.trim().startsWith(`${name}=`));
  return found?.trim().slice(name.length + 1);
}

/**
 * The entry that the headers of a read describe; `size` in bytes of the whole object.
 * https://cloud.google.com/storage/docs/xml-api/reference-headers
 */
export function entryOfHeaders(
  path: ArtifactPath,
  headers: Readonly<Record<string, string>>,
  size: number | undefined,
): Entry {
  const modified = headers['last-modified'];
  const hash = headers['x-goog-hash'];
  return {
    path,
    kind: 'file',
    ...(size === undefined ? {} : { size }),
    ...(modified === undefined ? {} : { modified: new Date(modified) }),
    ...versionOf(headers['x-goog-generation']),
    checksums: [...checksum('crc32c', hashOf(hash, 'crc32c')), ...checksum('md5', hashOf(hash, 'md5'))],
  };
}
