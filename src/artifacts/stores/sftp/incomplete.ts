import type { ArtifactPath, Under } from '../../../core/artifact-path.ts';
import type { Io } from '../../../core/io.ts';
import type { Incomplete } from '../../store.ts';
import { incompleteIn, isTemporary, type Child } from '../../temporaries.ts';
import { entryOf, kindOf, type Attributes } from './entries.ts';
import { isAbsent, sftpFailure } from './failures.ts';
import { fileAt, followTo, lookAt, subjectOf, type Root } from './root.ts';
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

interface Listed {
  readonly filename: string;
  readonly attrs: Attributes;
}

async function childrenOf(session: Session, root: Root, under: Under, io: Io): Promise<readonly Child[]> {
  const directory = fileAt(root, under);
  const there = await (under === '' ? followTo : lookAt)(session, directory, io);
  if (there === undefined || kindOf(there) !== 'directory') return [];
  let found: readonly Listed[];
  try {
    found = await session.ask<readonly Listed[]>(io.signal, (sftp, done) => sftp.readdir(directory, done));
  } catch (thrown) {
    if (isAbsent(thrown)) return [];
    throw thrown;
  }
  const children: Child[] = [];
  for (const { filename: name, attrs } of found) {
    const known = attrs.mode === undefined ? await lookAt(session, `${directory}/${name}`, io) : attrs;
    if (known) children.push({ ...entryOf(name as ArtifactPath, known), name });
  }
  return children;
}
