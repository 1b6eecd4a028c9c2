import type { ArtifactPath } from '../../../core/artifact-path.ts';
import type { ArtifactStore, Traits } from '../../store.ts';
import { incompleteOf } from './incomplete.ts';
import { listPages } from './list.ts';
import { multipartOf } from './multipart.ts';
import { readBlob } from './read.ts';
import { REMOVE_BATCH, removeBlobs } from './remove.ts';
import { nameOf, type Root } from './root.ts';
import { containerFacts, statBlob } from './stat.ts';
import { writeBlob } from './write.ts';

/** https://learn.microsoft.com/rest/api/storageservices/naming-and-referencing-containers--blobs--and-metadata */
const MAX_NAME = 1024;
const MAX_SEGMENTS = 254;
/** https://learn.microsoft.com/azure/storage/blobs/scalability-targets */
const MAX_WRITE_BYTES = 5000 * 1024 ** 2;

function refusal(root: Root, path: ArtifactPath): string | undefined {
  const name = nameOf(root, path);
  const segments = name.split('/');
  if (name.length > MAX_NAME)
    return `its blob name has ${name.length} characters, at most ${MAX_NAME} are allowed`;
  if (segments.length > MAX_SEGMENTS) return `its blob name has more than ${MAX_SEGMENTS} segments`;
  if (path.includes('\\')) return 'Azure reads its backslash as a slash';
  if (segments.some((segment) => segment.endsWith('.')))
    return 'Azure does not keep a dot at the end of a name';
  return undefined;
}

function traitsOf(connections: number): Traits {
  return {
    ranges: 'any',
    publish: 'replace',
    ifAbsent: 'atomic',
    directories: 'virtual',
    // Azure promises "lexicographic", not of what; a listing goes on by the markers of its pages.
    order: 'none',
    modified: 'listed',
    stat: 'request',
    unknownLength: 'multipart',
    maxWriteBytes: MAX_WRITE_BYTES,
    removeBatch: REMOVE_BATCH,
    connections,
    proofs: ['md5'],
  };
}

/** A root in a container as an artifact store. */
export function createAzureStore(
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
    stat: async (path, io) => statBlob(root, path, io),
    list: (under, options, io) => listPages(root, under, options, io),
    read: async (path, options, io) => readBlob(root, path, options, io),
    write: async (path, source, { when }, io) => writeBlob(root, path, source, when, io),
    remove: async (batch, io) => removeBlobs(root, batch, io),
    facts: async (io) => containerFacts(root, io),
    multipart: multipartOf(root),
    incomplete: incompleteOf(root),
  };
}
