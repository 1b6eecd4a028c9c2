import { nameOf, parentOf, type ArtifactPath, type Under } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { Removal, Undone } from '../../store.ts';
import { kindOf } from './entries.ts';
import { isAbsent, SOME_FAILURE, sftpFailure, statusOf } from './failures.ts';
import { unversioned } from './read.ts';
import { fileAt, firstNames, lookAt, plainWay, subjectOf, type Root } from './root.ts';
import type { Session } from './session.ts';

export const REMOVE_BATCH = 500;

/** Removes files, links and empty directories one by one; never through a link. */
export async function removeAll(root: Root, batch: readonly Removal[], io: Io): Promise<readonly Undone[]> {
  if (batch.length === 0) return [];
  return root.pool.use(io.signal, async (session) => {
    const undone: Undone[] = [];
    const ways = new Map<Under, boolean>();
    for (const removal of batch) {
      io.signal.throwIfAborted();
      try {
        await removeOne(session, root, removal, ways, io);
      } catch (thrown) {
        if (isAbsent(thrown)) continue;
        const failure = sftpFailure(thrown, 'removing', subjectOf(root, removal.path));
        if (session.isDead || failure.kind === 'cancelled') throw failure.with({ effect: 'unknown' });
        undone.push({ removal, failure });
      }
    }
    return undone;
  });
}

/** Whether a directory is there; asked once per batch, so that many files of one directory cost one question. */
async function isThere(
  session: Session,
  root: Root,
  directory: Under,
  ways: Map<Under, boolean>,
  io: Io,
): Promise<boolean> {
  const known = ways.get(directory) ?? (await plainWay(session, root, directory, io)) === 'there';
  ways.set(directory, known);
  return known;
}

async function removeOne(
  session: Session,
  root: Root,
  { path, kind, version }: Removal,
  ways: Map<Under, boolean>,
  io: Io,
): Promise<void> {
  const subject = subjectOf(root, path);
  if (version) throw unversioned(subject);
  if (!(await isThere(session, root, parentOf(path), ways, io))) return;
  const target = fileAt(root, path);
  const found = await lookAt(session, target, io);
  if (!found) return;
  if ((kind === 'directory') !== (kindOf(found) === 'directory')) {
    const message = `${subject} is ${kind === 'directory' ? 'no directory' : 'a directory'}`;
    throw new Failure({ kind: 'wrong-kind', message, subject });
  }
  if (kind === 'directory') await removeDirectory(session, target, path, subject, io);
  else await session.ask(io.signal, (sftp, done) => sftp.unlink(target, done));
  if (kind === 'directory') ways.clear();
}

async function removeDirectory(
  session: Session,
  target: string,
  path: ArtifactPath,
  subject: string,
  io: Io,
): Promise<void> {
  try {
    await session.ask(io.signal, (sftp, done) => sftp.rmdir(target, done));
  } catch (thrown) {
    if (statusOf(thrown) !== SOME_FAILURE || (await firstNames(session, target, io)).length === 0)
      throw thrown;
    const message = `removing ${subject} failed: the directory ${nameOf(path)} is not empty`;
    throw new Failure({ kind: 'conflict', message, subject }, thrown);
  }
}
