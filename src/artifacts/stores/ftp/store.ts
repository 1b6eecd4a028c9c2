import type { ArtifactPath } from '../../../core/artifact-path.ts';
import type { Io } from '../../../core/io.ts';
import type { ArtifactStore, Facts, Traits } from '../../store.ts';
import { makeFolders } from './folders.ts';
import { ftpIncomplete } from './incomplete.ts';
import { listTree } from './list.ts';
import { refusalOf } from './names.ts';
import { readFile } from './read.ts';
import { removeAll } from './remove.ts';
import { serverPath, subjectAt, type Root } from './root.ts';
import { statPath } from './stat.ts';
import { writeFile } from './write.ts';

const REMOVE_BATCH = 500;

/** What every FTP server can be relied on for; many do more. */
export function ftpTraits(connections: number): Traits {
  return {
    ranges: 'from',
    publish: 'gap',
    ifAbsent: 'checked',
    directories: 'real',
    order: 'path',
    modified: 'some',
    stat: 'lists-parent',
    unknownLength: 'write',
    maxWriteBytes: Number.MAX_SAFE_INTEGER,
    removeBatch: REMOVE_BATCH,
    connections,
    proofs: [],
  };
}

/**
 * A directory on an FTP server as a store; it is made by the first write. Interchangeable with MLflow's
 * FTPArtifactRepository: same layout, same names. A missing root is empty; the anchor is the server that lets us in.
 */
export function openFtpStore(root: Root, connections: number): ArtifactStore {
  return {
    label: root.label,
    backend: root.pool.label,
    // A user may have folders of its own.
    server: root.pool.label,
    traits: ftpTraits(connections),
    accepts: refusalOf,
    stat: async (path, io) => statPath(root, path, io),
    list: (under, options, io) => listTree(root, under, options, io),
    read: async (path, options, io) => readFile(root, path, options, io),
    write: async (path, source, options, io) => writeFile(root, path, source, options, io),
    remove: async (batch, io) => removeAll(root, batch, io),
    facts: async (io) => facts(root, io),
    makeDirectory: async (path, io) => makeDirectory(root, path, io),
    incomplete: ftpIncomplete(root),
  };
}

async function facts(root: Root, io: Io): Promise<Facts> {
  return root.pool.use(io, async () => ({ anchor: 'present' }));
}

async function makeDirectory(root: Root, path: ArtifactPath, io: Io): Promise<void> {
  await root.pool.use(io, async (connection) =>
    makeFolders(connection, serverPath(root, path), subjectAt(root, path)),
  );
}
