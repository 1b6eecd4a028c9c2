import type { Under } from '../../../core/artifact-path.ts';
import type { Io } from '../../../core/io.ts';
import { kindOf, type Attributes } from './entries.ts';
import { isAbsent } from './failures.ts';
import { fileAt, followTo, lookAt, type Root } from './root.ts';
import type { Session } from './session.ts';

/** A name in a directory, as the protocol gives it. */
interface Listed {
  readonly filename: string;
  readonly attrs: Attributes;
}

/** The names in a directory, in the server's order; none where it is absent or no directory. The root alone may be a link. */
export async function readDirectory(
  session: Session,
  root: Root,
  under: Under,
  io: Io,
): Promise<readonly Listed[]> {
  const directory = fileAt(root, under);
  const there = await (under === '' ? followTo : lookAt)(session, directory, io);
  if (there === undefined || kindOf(there) !== 'directory') return [];
  try {
    return await session.ask<readonly Listed[]>(io.signal, (sftp, done) => sftp.readdir(directory, done));
  } catch (thrown) {
    if (isAbsent(thrown)) return [];
    throw thrown;
  }
}

/**
 * The attributes of a listed name: READDIR may leave the mode out (draft-ietf-secsh-filexfer-02, section 5), and then it
 * is asked for. Undefined when the name is gone meanwhile.
 */
export async function attributesOf(
  { filename, attrs }: Listed,
  session: Session,
  directory: string,
  io: Io,
): Promise<Attributes | undefined> {
  return attrs.mode === undefined ? lookAt(session, `${directory}/${filename}`, io) : attrs;
}
