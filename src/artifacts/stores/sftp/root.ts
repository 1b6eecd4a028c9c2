import { parentOf, type ArtifactPath, type Under } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import { kindOf, type Attributes } from './entries.ts';
import { END_OF_FILE, isAbsent, sftpFailure, statusOf } from './failures.ts';
import type { SessionPool } from './pool.ts';
import type { Session } from './session.ts';

/** From `<root>/<experiment_id>/<run_id>/artifacts` up to what an administrator made. */
const LEVELS_ABOVE_A_RUN = 3;

/** A directory on a server, and the sessions that reach it. */
export interface Root {
  /** Absolute, on the server; taken as the URI has it, not decoded (as MLflow's `parsed.path`). */
  readonly path: string;
  /** Redacted URI. */
  readonly label: string;
  readonly pool: SessionPool;
}

/** Where a path is on the server. */
export function fileAt(root: Root, path: Under): string {
  return path === '' ? root.path : `${root.path === '/' ? '' : root.path}/${path}`;
}

/** For messages. */
export function subjectOf(root: Root, path: Under): string {
  return path === '' ? root.label : `${root.label}/${path}`;
}

/** The attributes of what is at a path, of a link its own; undefined when nothing is there. */
export async function lookAt(session: Session, file: string, io: Io): Promise<Attributes | undefined> {
  return absentAsUndefined(session.ask<Attributes>(io.signal, (sftp, done) => sftp.lstat(file, done)));
}

/** The attributes of what a path leads to; undefined when nothing is there. */
export async function followTo(session: Session, file: string, io: Io): Promise<Attributes | undefined> {
  return absentAsUndefined(session.ask<Attributes>(io.signal, (sftp, done) => sftp.stat(file, done)));
}

async function absentAsUndefined<T>(asked: Promise<T>): Promise<T | undefined> {
  try {
    return await asked;
  } catch (thrown) {
    if (isAbsent(thrown)) return undefined;
    throw thrown;
  }
}

function prefixesOf(under: Under): readonly ArtifactPath[] {
  const prefixes: ArtifactPath[] = [];
  for (let path = under; path !== ''; path = parentOf(path)) prefixes.unshift(path);
  return prefixes;
}

/**
 * What is at a directory, when no link is on the way to it from the root (which may be a link itself): `there`,
 * `absent`, or `in-the-way` when a part of it is no directory.
 * @throws Failure denied when a part of the way is a link
 */
export async function plainWay(
  session: Session,
  root: Root,
  under: Under,
  io: Io,
): Promise<'there' | 'absent' | 'in-the-way'> {
  const prefixes = prefixesOf(under);
  const [top, ...parts] = await Promise.all([
    followTo(session, root.path, io),
    ...prefixes.map(async (prefix) => lookAt(session, fileAt(root, prefix), io)),
  ]);
  if (top === undefined) return 'absent';
  if (kindOf(top) !== 'directory') return 'in-the-way';
  for (const [index, part] of parts.entries()) {
    if (part === undefined) return 'absent';
    if (kindOf(part) === 'other') throw throughLink(root, prefixes[index] ?? under);
    if (kindOf(part) !== 'directory') return 'in-the-way';
  }
  return 'there';
}

function throughLink(root: Root, path: Under): Failure {
  const subject = subjectOf(root, path);
  return new Failure({
    kind: 'denied',
    message: `${subject} is a link (or no directory), and nothing is written or removed through one`,
    hint: 'name the place that it leads to',
    subject,
  });
}

/** Makes a directory below the root, and the root. @throws Failure denied, wrong-kind */
export async function makeWay(session: Session, root: Root, under: Under, io: Io): Promise<void> {
  const way = await plainWay(session, root, under, io);
  if (way === 'there') return;
  if (way === 'in-the-way') throw noDirectory(subjectOf(root, under));
  await makeAbsolute(session, root.path, io);
  for (const prefix of prefixesOf(under)) await makeOne(session, fileAt(root, prefix), io);
  // Somebody may have put something else there meanwhile.
  if ((await plainWay(session, root, under, io)) !== 'there') throw noDirectory(subjectOf(root, under));
}

async function makeAbsolute(session: Session, directory: string, io: Io): Promise<void> {
  if (directory === '/' || (await followTo(session, directory, io)) !== undefined) return;
  await makeAbsolute(session, aboveOf(directory), io);
  await makeOne(session, directory, io);
}

function aboveOf(directory: string): string {
  return directory.slice(0, Math.max(1, directory.lastIndexOf('/'))) || '/';
}

/** Present already is done; the code for that is the vague one. */
async function makeOne(session: Session, directory: string, io: Io): Promise<void> {
  try {
    await session.ask(io.signal, (sftp, done) => sftp.mkdir(directory, done));
  } catch (thrown) {
    if (statusOf(thrown) === undefined) throw thrown;
    if ((await followTo(session, directory, io)) === undefined)
      throw sftpFailure(thrown, 'making the directory', `${session.label}${directory}`);
  }
}

export function noDirectory(subject: string): Failure {
  return new Failure({ kind: 'wrong-kind', message: `${subject} is not below a directory`, subject });
}

/** The names at the beginning of a directory, in no order; one request's worth. */
export async function firstNames(session: Session, directory: string, io: Io): Promise<readonly string[]> {
  const handle = await session.ask<Buffer>(io.signal, (sftp, done) => sftp.opendir(directory, done));
  try {
    const found = await session.ask<readonly { filename: string }[]>(io.signal, (sftp, done) =>
      sftp.readdir(handle, done),
    );
    return found.map(({ filename }) => filename);
  } catch (thrown) {
    if (statusOf(thrown) === END_OF_FILE) return [];
    throw thrown;
  } finally {
    await closeHandle(session, handle);
  }
}

/** A handle whose session broke is closed already. */
export async function closeHandle(session: Session, handle: Buffer): Promise<void> {
  await session
    .ask(new AbortController().signal, (sftp, done) => sftp.close(handle, done))
    .catch(() => undefined);
}

/**
 * Whether absence below a root means anything. It does when the root exists, or when what is nearest above it, at most
 * three levels up, is a directory with something in it: an unmounted mount point is an empty directory.
 */
export async function isAnchored(session: Session, root: Root, io: Io): Promise<boolean> {
  let directory = root.path;
  for (let level = 0; level <= LEVELS_ABOVE_A_RUN; level += 1) {
    const found = await followTo(session, directory, io);
    if (found && level === 0) return kindOf(found) === 'directory';
    if (found) return kindOf(found) === 'directory' && (await firstNames(session, directory, io)).length > 0;
    directory = aboveOf(directory);
  }
  return false;
}
