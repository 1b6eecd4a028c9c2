import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { ArtifactStore, Entry, Traits } from '../../store.ts';
import { entryOf } from './entries.ts';
import { sftpFailure } from './failures.ts';
import { sftpIncomplete } from './incomplete.ts';
import { listDirectory } from './list.ts';
import { isHidden, refusalOf } from './names.ts';
import { readFile } from './read.ts';
import { REMOVE_BATCH, removeAll } from './remove.ts';
import { fileAt, isAnchored, lookAt, makeWay, subjectOf, type Root } from './root.ts';
import type { Session } from './session.ts';
import { writeFile } from './write.ts';

/** Operations that share a session: answers of one are computed while another's bytes are on the way. */
const PER_SESSION = 4;

/** What a store on a server says of itself. `publish` is `gap` until a server was found to offer posix-rename. */
export function sftpTraits(sessions: number, publish: Traits['publish']): Traits {
  return {
    ranges: 'any',
    publish,
    ifAbsent: 'atomic',
    directories: 'real',
    order: 'path',
    modified: 'listed',
    stat: 'request',
    unknownLength: 'write',
    maxWriteBytes: Number.MAX_SAFE_INTEGER,
    removeBatch: REMOVE_BATCH,
    connections: sessions * PER_SESSION,
    proofs: [],
  };
}

/**
 * A directory on an SSH server as a store; it is made by the first write. Same layout as MLflow's SFTPArtifactRepository.
 *
 * Links below the root: listed as `other` and not descended into; read through, as MLflow does, as far as the server
 * lets; never written or removed through.
 */
export function createSftpStore(root: Root, backend: string, traits: () => Traits): ArtifactStore {
  const on = async <T>(doing: string, subject: string, io: Io, act: (session: Session) => Promise<T>) => {
    try {
      return await root.pool.use(io.signal, act);
    } catch (thrown) {
      throw sftpFailure(thrown, doing, subject);
    }
  };
  return {
    label: root.label,
    backend,
    // A user may have folders of its own.
    server: backend,
    get traits() {
      return traits();
    },
    accepts: refusalOf,
    stat: async (path, io) =>
      isHidden(path)
        ? undefined
        : on('looking at', subjectOf(root, path), io, async (session) => statPath(session, root, path, io)),
    list: (under, options, io) => listDirectory(root, under, options, io),
    read: async (path, options, io) => readFile(root, path, options, io),
    write: async (path, source, options, io) => writeFile(root, path, source, options, io),
    remove: async (batch, io) => removeAll(root, batch, io),
    facts: async (io) =>
      on('looking for', root.label, io, async (session) => ({
        anchor: (await isAnchored(session, root, io)) ? ('present' as const) : ('absent' as const),
      })),
    incomplete: sftpIncomplete(root),
    makeDirectory: async (path, io) =>
      on('making the directory', subjectOf(root, path), io, async (session) =>
        makeDirectory(session, root, path, io),
      ),
  };
}

async function statPath(
  session: Session,
  root: Root,
  path: ArtifactPath,
  io: Io,
): Promise<Entry | undefined> {
  const found = await lookAt(session, fileAt(root, path), io);
  return found && entryOf(path, found);
}

async function makeDirectory(session: Session, root: Root, path: ArtifactPath, io: Io): Promise<void> {
  const found = await lookAt(session, fileAt(root, path), io);
  const entry = found && entryOf(path, found);
  if (entry?.kind === 'directory') return;
  const subject = subjectOf(root, path);
  if (entry) throw new Failure({ kind: 'wrong-kind', message: `${subject} is not a directory`, subject });
  await makeWay(session, root, path, io);
}
