import type { ArtifactPath, Under } from '../../../core/artifact-path.ts';
import type { Io } from '../../../core/io.ts';
import type { Incomplete } from '../../store.ts';
import { incompleteIn, isTemporary, type Child } from '../../temporaries.ts';
import { entryOf } from './entries.ts';
import { isAbsent, sftpFailure } from './failures.ts';
import { attributesOf, readDirectory } from './read-directory.ts';
import { fileAt, subjectOf, type Root } from './root.ts';
import type { Session } from './session.ts';

/** Unfinished files, ours and MLflow's. Links are not followed. */
export function sftpIncomplete(root: Root): Incomplete {
  return incompleteIn({
    isUnfinished: isTemporary,
    children: async (under, io) =>
      root.pool
        .use(io.signal, async (session) => childrenOf(session, root, under, io))
        .catch((thrown: unknown) => {
          throw sftpFailure(thrown, 'listing', subjectOf(root, under));
        }),
    remove: async (path, io) => {
      try {
        await root.pool.use(io.signal, async (session) =>
          session.ask(io.signal, (sftp, done) => sftp.unlink(fileAt(root, path), done)),
        );
      } catch (thrown) {
        if (!isAbsent(thrown)) throw sftpFailure(thrown, 'removing', subjectOf(root, path));
      }
    },
  });
}

async function childrenOf(session: Session, root: Root, under: Under, io: Io): Promise<readonly Child[]> {
  const children: Child[] = [];
  for (const listed of await readDirectory(session, root, under, io)) {
    const name = listed.filename;
    const known = await attributesOf(listed, session, fileAt(root, under), io);
    if (known) children.push({ ...entryOf(name as ArtifactPath, known), name });
  }
  return children;
}
