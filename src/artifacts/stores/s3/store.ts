import type { ArtifactPath } from '../../../core/artifact-path.ts';
import type { ArtifactStore, Traits } from '../../store.ts';
import { incompleteOf } from './incomplete.ts';
import { listPages } from './list.ts';
import { multipartOf } from './multipart.ts';
import { readObject } from './read.ts';
import { REMOVE_BATCH, removeObjects } from './remove.ts';
import { keyOf, type Root } from './root.ts';
import { bucketFacts, statObject } from './stat.ts';
import { versionsOf } from './versions.ts';
import { rulesOf, writeObject } from './write.ts';

/** The longest key in UTF-8 bytes: https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-keys.html */
const MAX_KEY_BYTES = 1024;
const MAX_WRITE_BYTES = 5 * 1024 ** 3;

function refusal(root: Root, path: ArtifactPath): string | undefined {
  const bytes = Buffer.byteLength(keyOf(root, path));
  return bytes > MAX_KEY_BYTES
    ? `its S3 key has ${bytes} bytes, at most ${MAX_KEY_BYTES} are allowed`
    : undefined;
}

function traitsOf(root: Root, connections: number): Traits {
  const { signed, integrity } = rulesOf(root);
  return {
    ranges: 'any',
    publish: 'replace',
    ifAbsent: 'atomic',
    directories: 'virtual',
    // Directory buckets list in no order: https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListObjectsV2.html
    order: root.client.site.bucket.endsWith('--x-s3') ? 'none' : 'path',
    modified: 'listed',
    stat: 'request',
    unknownLength: 'multipart',
    maxWriteBytes: MAX_WRITE_BYTES,
    removeBatch: REMOVE_BATCH,
    wide: true,
    connections,
    proofs: [...new Set([...(signed ? (['sha256'] as const) : []), ...integrity])],
  };
}

/** A root in a bucket as an artifact store. */
export function createS3Store(
  root: Root,
  { backend, server }: Pick<ArtifactStore, 'backend' | 'server'>,
  connections: number,
): ArtifactStore {
  return {
    label: root.label,
    backend,
    server,
    traits: traitsOf(root, connections),
    accepts: (path) => refusal(root, path),
    stat: async (path, io) => statObject(root, path, io),
    list: (under, options, io) => listPages(root, under, options, io),
    read: async (path, options, io) => readObject(root, path, options, io),
    write: async (path, source, { when }, io) => writeObject(root, path, source, when, io),
    remove: async (batch, io) => removeObjects(root, batch, io),
    facts: async (io) => bucketFacts(root, io),
    multipart: multipartOf(root),
    incomplete: incompleteOf(root),
    versions: versionsOf(root),
  };
}
