import { nameOf, parentOf, type ArtifactPath } from '../../../core/artifact-path.ts';
import { asFailure, Failure } from '../../../core/failure.ts';
import { cleanupIo, type Io } from '../../../core/io.ts';
import type { Source, Stored, WriteOptions } from '../../store.ts';
import { temporaryName } from '../../temporaries.ts';
import { kindOf } from './entries.ts';
import { isAbsent, SOME_FAILURE, sftpFailure, statusOf } from './failures.ts';
import { fill } from './pour.ts';
import { unversioned } from './read.ts';
import { fileAt, lookAt, makeWay, subjectOf, type Root } from './root.ts';
import type { Session } from './session.ts';

/** What one write is about. */
interface Target {
  readonly path: ArtifactPath;
  readonly final: string;
  readonly temporary: string;
  readonly subject: string;
  readonly onlyIfAbsent: boolean;
}

/**
 * Writes a file whole or not at all: under a temporary name in the same directory, its size read back, synced where the
 * server can, then renamed. Only if absent: by the protocol's own rename, which refuses a name that is taken
 * (draft-ietf-secsh-filexfer-02, section 6.5; OpenSSH does it with link(2), atomically).
 */
export async function writeFile(
  root: Root,
  path: ArtifactPath,
  source: Source,
  { when, owner }: WriteOptions,
  io: Io,
): Promise<Stored> {
  const subject = subjectOf(root, path);
  if (when && 'version' in when) throw unversioned(subject);
  const folder = fileAt(root, parentOf(path));
  const target: Target = {
    path,
    subject,
    final: fileAt(root, path),
    temporary: `${folder === '/' ? '' : folder}/${temporaryName(owner)}`,
    onlyIfAbsent: when !== undefined,
  };
  return root.pool.use(io.signal, async (session) => writeOn(session, root, target, source, io));
}

async function writeOn(
  session: Session,
  root: Root,
  target: Target,
  source: Source,
  io: Io,
): Promise<Stored> {
  let begun = false;
  try {
    await makeWay(session, root, parentOf(target.path), io);
    await checkTarget(session, target, io);
    begun = true;
    const stored = await fill(session, target, source, io);
    io.signal.throwIfAborted();
    await publish(session, target, io);
    return stored;
  } catch (thrown) {
    const failure = sftpFailure(thrown, 'writing', target.subject);
    throw begun ? await discard(root, target.temporary, failure, io) : failure;
  }
}

async function checkTarget(
  session: Session,
  { final, subject, onlyIfAbsent }: Target,
  io: Io,
): Promise<void> {
  const found = await lookAt(session, final, io);
  if (!found) return;
  if (kindOf(found) === 'directory')
    throw new Failure({ kind: 'wrong-kind', message: `${subject} is a directory`, subject });
  if (onlyIfAbsent) throw exists(subject);
}

function exists(subject: string, cause?: unknown): Failure {
  return new Failure({ kind: 'exists', message: `${subject} is there already`, subject }, cause);
}

/** A rename whose answer is lost may have happened. */
async function publish(session: Session, target: Target, io: Io): Promise<void> {
  try {
    if (target.onlyIfAbsent) await claim(session, target, io);
    else if (session.canReplace)
      await session.ask(io.signal, (sftp, done) =>
        sftp.ext_openssh_rename(target.temporary, target.final, done),
      );
    else await replaceWithGap(session, target, io);
  } catch (thrown) {
    throw statusOf(thrown) === undefined
      ? asFailure(thrown, target.subject).with({ effect: 'unknown' })
      : thrown;
  }
}

async function renamePlainly(session: Session, { temporary, final }: Target, io: Io): Promise<void> {
  await session.ask(io.signal, (sftp, done) => sftp.rename(temporary, final, done));
}

async function claim(session: Session, target: Target, io: Io): Promise<void> {
  try {
    await renamePlainly(session, target, io);
  } catch (thrown) {
    const vague = statusOf(thrown) === SOME_FAILURE;
    if (vague && (await lookAt(session, target.final, io))) throw exists(target.subject, thrown);
    throw thrown;
  }
}

/** Without posix-rename the old file has to go first; two writers at once may have to take turns. */
async function replaceWithGap(session: Session, target: Target, io: Io): Promise<void> {
  await session
    .ask(io.signal, (sftp, done) => sftp.unlink(target.final, done))
    .catch((thrown: unknown) => {
      if (!isAbsent(thrown)) throw thrown;
    });
  try {
    await claim(session, target, io);
  } catch (thrown) {
    if (!(thrown instanceof Failure) || thrown.kind !== 'exists') throw thrown;
    const message = `${target.subject} was written by somebody else at the same time`;
    throw new Failure({ kind: 'conflict', message, subject: target.subject, retry: 'later' }, thrown);
  }
}

/** Removes an unfinished file, on another session when its own broke; gives the failure back that made it so. */
async function discard(root: Root, temporary: string, failure: Failure, io: Io): Promise<Failure> {
  const cleanup = cleanupIo(io);
  try {
    await root.pool.use(cleanup.signal, async (session) =>
      session.ask(cleanup.signal, (sftp, done) => sftp.unlink(temporary, done)),
    );
  } catch (thrown) {
    if (!isAbsent(thrown)) {
      const name = nameOf(temporary as ArtifactPath);
      return failure.with({
        hint: `remove the unfinished file ${name} on the server, which could not be removed`,
      });
    }
  }
  return failure;
}
