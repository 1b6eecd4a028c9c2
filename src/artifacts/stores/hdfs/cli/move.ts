import { once } from 'node:events';
import { Readable, type Writable } from 'node:stream';
import { joinPath, parentOf, type ArtifactPath } from '../../../../core/artifact-path.ts';
import { asFailure, type Failure } from '../../../../core/failure.ts';
import type { Io } from '../../../../core/io.ts';
import type { Body, Precondition, Source, Stored, WriteOptions } from '../../../store.ts';
import { temporaryName } from '../../../temporaries.ts';
import { countSource, type Counted } from '../count-source.ts';
import { hdfsFailure, type Asked } from '../failures.ts';
import { isHidden } from '../names.ts';
import { complaintFailure, isBelowFile } from './complaint.ts';
import { statCli } from './look.ts';
import { makeDirectoryCli } from './remove.ts';
import { argumentOf, subjectOf, type CliRoot } from './root.ts';
import { runShell, startShell, type Ended, type Running } from './run-shell.ts';

/** How long removing an unfinished file may take, in ms: a JVM is slow to start. */
const DISCARD_MS = 15_000;

function readFailure(ended: Ended, asked: Asked): Failure {
  const failure = complaintFailure(ended, asked);
  return isBelowFile(ended.complaints.at(-1) ?? '') ? failure.with({ kind: 'not-found' }) : failure;
}

/** The command's output, which fails when the command does, and stops it when it is given up. */
async function* guarded(running: Running, asked: Asked): AsyncGenerator<Buffer> {
  let whole = false;
  try {
    yield* running.stdout as AsyncIterable<Buffer>;
    const ended = await running.done;
    if (ended.code !== 0) throw readFailure(ended, asked);
    whole = true;
  } finally {
    if (!whole) running.stop();
  }
}

/**
 * `-cat` of a whole file: a part cannot be asked for. It is opened once it gave its first byte or ended well.
 * @throws Failure not-found, wrong-kind, unsupported (a part, a version)
 */
export async function readCli(
  root: CliRoot,
  path: ArtifactPath,
  part: { readonly start?: number; readonly length?: number; readonly version?: unknown },
  io: Io,
): Promise<Body> {
  const subject = subjectOf(root, path);
  const asked = { doing: 'read', subject };
  if ((part.start ?? 0) > 0 || part.length !== undefined || part.version !== undefined) {
    const message = `cannot read ${subject}: the hdfs command gives whole files and no versions`;
    throw hdfsFailure('unsupported', subject, message, 'use WebHDFS: MLSTOW_HDFS_DRIVER=webhdfs');
  }
  if (isHidden(path))
    throw hdfsFailure('not-found', subject, `cannot read ${subject}: there is no such file`);
  const running = await startShell(root.shell, 'cat', [argumentOf(root, path)], asked, io);
  running.stdin.end();
  const bytes = guarded(running, asked);
  const first = await bytes.next();
  const all = async function* () {
    if (first.done === true) return;
    yield first.value;
    yield* bytes;
  };
  const stream = Readable.from(all(), { objectMode: false });
  stream.once('close', () => running.stop());
  return { entry: { path, kind: 'file', checksums: [] }, start: 0, stream };
}

async function pour(from: Readable, into: Writable, done: Promise<unknown>): Promise<void> {
  let over = false as boolean;
  const end = done.then(
    () => (over = true),
    () => (over = true),
  );
  into.on('error', () => (over = true));
  for await (const chunk of from as AsyncIterable<Buffer>) {
    if (over) return;
    if (!into.write(chunk)) await Promise.race([once(into, 'drain').catch(() => undefined), end]);
  }
}

/** What is at the target now; its directory is made when nothing is. */
async function checkTarget(
  root: CliRoot,
  path: ArtifactPath,
  when: Precondition | undefined,
  io: Io,
): Promise<'absent' | 'file'> {
  const subject = subjectOf(root, path);
  if (when && 'version' in when) {
    const message = `cannot store ${subject} on a condition: the hdfs command tells no versions`;
    throw hdfsFailure('unsupported', subject, message);
  }
  const entry = await statCli(root, path, io);
  if (entry?.kind === 'directory') {
    throw hdfsFailure('wrong-kind', subject, `cannot store ${subject}: it is a directory`);
  }
  if (when && entry) throw hdfsFailure('exists', subject, `${subject} exists already`);
  if (entry) return 'file';
  const parent = parentOf(path);
  const folder = argumentOf(root, parent);
  if (!root.known.has(folder)) await makeDirectoryCli(root, parent, io);
  root.known.add(folder);
  return 'absent';
}

/** `-put -` of every byte: its input ends only then, since the command takes any end for the end of the file. */
async function send(root: CliRoot, uri: string, body: Counted, asked: Asked, io: Io): Promise<void> {
  const running = await startShell(root.shell, 'put', ['-', uri], asked, io);
  running.stdout.resume();
  try {
    await pour(body.stream, running.stdin, running.done);
    if (!body.stream.readableEnded) throw complaintFailure(await running.done, asked);
    body.check();
  } catch (thrown) {
    running.stop();
    await running.done.catch(() => undefined);
    throw asFailure(thrown, asked.subject);
  }
  running.stdin.end();
  await succeed(running.done, asked);
}

async function succeed(done: Promise<Ended>, asked: Asked): Promise<void> {
  const ended = await done;
  if (ended.code !== 0) throw complaintFailure(ended, asked);
}

/** Removes an unfinished file, and the one that the command makes of its name. */
async function discard(root: CliRoot, temporary: string, failure: Failure, asked: Asked): Promise<Failure> {
  const args = ['-f', '-skipTrash', temporary, `${temporary}._COPYING_`];
  const io = { signal: AbortSignal.timeout(DISCARD_MS) };
  try {
    await succeed(runShell(root.shell, 'rm', args, asked, io), asked);
    return failure;
  } catch {
    const hint = failure.facts.hint ?? `remove ${temporary}*, which could not be removed`;
    return failure.with({ hint });
  }
}

/**
 * `-put` to a temporary name, `-rm` of the old file, `-mv`: so that no death of this process leaves a part under the
 * final name. Three or four commands, each a JVM; for a moment neither file is there.
 * @throws Failure exists, wrong-kind, changed, corrupt
 */
export async function writeCli(
  root: CliRoot,
  path: ArtifactPath,
  source: Source,
  { when, owner }: WriteOptions,
  io: Io,
): Promise<Stored> {
  const subject = subjectOf(root, path);
  const asked = { doing: 'store', subject };
  const found = await checkTarget(root, path, when, io);
  const temporary = argumentOf(root, joinPath(parentOf(path), temporaryName(owner)));
  const opened = await source.open(0, io.signal);
  const body = countSource(opened, source, subject, io);
  try {
    await send(root, temporary, body, asked, io);
    const flags = ['-f', '-skipTrash', argumentOf(root, path)];
    if (found === 'file') await succeed(runShell(root.shell, 'rm', flags, asked, io), asked);
    await succeed(runShell(root.shell, 'mv', [temporary, argumentOf(root, path)], asked, io), asked);
  } catch (thrown) {
    root.known.clear();
    throw await discard(root, temporary, asFailure(thrown, subject), asked);
  } finally {
    opened.destroy();
  }
  return { entry: { path, kind: 'file', size: body.sent(), checksums: [] }, proof: 'none' };
}
