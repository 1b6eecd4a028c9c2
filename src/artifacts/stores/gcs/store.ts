import type { ArtifactPath } from '../../../core/artifact-path.ts';
import type { ArtifactStore, Traits } from '../../store.ts';
import { listPages } from './list.ts';
import { MAX_OBJECT_BYTES, multipartOf } from './multipart.ts';
import { readObject } from './read.ts';
import { REMOVE_BATCH, removeObjects } from './remove.ts';
import { keyOf, type Root } from './root.ts';
import { bucketFacts, statObject } from './stat.ts';
import { writeObject } from './write.ts';

/** The longest name in UTF-8 bytes: https://cloud.google.com/storage/docs/objects#naming */
const MAX_NAME_BYTES = 1024;
const RESERVED = '.well-known/acme-challenge/';

function refusal(root: Root, path: ArtifactPath): string | undefined {
  const key = keyOf(root, path);
  const bytes = Buffer.byteLength(key);
  if (bytes > MAX_NAME_BYTES) {
    return `its object name has ${bytes} bytes, at most ${MAX_NAME_BYTES} are allowed`;
  }
  return key.startsWith(RESERVED) ? `object names must not begin with ${RESERVED}` : undefined;
}

function traitsOf(connections: number): Traits {
  return {
    ranges: 'any',
    publish: 'replace',
    ifAbsent: 'atomic',
    directories: 'virtual',
    order: 'path',
    modified: 'listed',
    stat: 'request',
    unknownLength: 'multipart',
    maxWriteBytes: MAX_OBJECT_BYTES,
    removeBatch: REMOVE_BATCH,
    connections,
    proofs: ['crc32c'],
  };
}

/** A root in a bucket as an artifact store. */
export function createGcsStore(
  root: Root,
  { backend, server }: Pick<ArtifactStore, 'backend' | 'server'>,
  connections: number,
): ArtifactStore {
  return {
    label: root.label,
    backend,
    server,
    traits: traitsOf(connections),
    accepts: (path) => refusal(root, path),
    stat: async (path, io) => statObject(root, path, io),
    list: (under, options, io) => listPages(root, under, options, io),
    read: async (path, options, io) => readObject(root, path, options, io),
    write: async (path, source, { when }, io) => writeObject(root, path, source, when, io),
    remove: async (batch, io) => removeObjects(root, batch, io),
    facts: async (io) => bucketFacts(root, io),
    multipart: multipartOf(root),
  };
}
