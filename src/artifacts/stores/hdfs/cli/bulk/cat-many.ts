import type { ArtifactPath } from '../../../../../core/artifact-path.ts';
import type { Failure } from '../../../../../core/failure.ts';
import type { Io } from '../../../../../core/io.ts';
import { hdfsFailure } from '../../failures.ts';
import { complaintAbout, complaintFailure, isBelowFile } from '../complaint.ts';
import { inArguments } from '../in-arguments.ts';
import { lookAtMany } from '../look.ts';
import { argumentOf, subjectOf, uriOf, type CliRoot } from '../root.ts';
import { startShell, type Ended } from '../run-shell.ts';
import { splitStream, type Sink } from './split-stream.ts';

/** A file to read, of a known size in bytes. */
export interface Wanted {
  readonly path: ArtifactPath;
  readonly size: number;
}

/** Where the bytes of a file go; asked for again when they come again. */
export type OpenSink<T extends Wanted> = (wanted: T) => Promise<Sink>;

/** What goes wrong with some files is told of them; then the rest is read again, so often at most. */
const ROUNDS = 4;

function complaintsOf<T extends Wanted>(root: CliRoot, batch: readonly T[], ended: Ended): Map<T, Failure> {
  return new Map(
    batch.flatMap((wanted): [T, Failure][] => {
      const complaint = complaintAbout(ended.complaints, uriOf(root, wanted.path));
      if (complaint === undefined) return [];
      const asked = { doing: 'read', subject: subjectOf(root, wanted.path) };
      const failure = complaintFailure({ ...ended, complaints: [complaint] }, asked);
      return [[wanted, isBelowFile(complaint) ? failure.with({ kind: 'not-found' }) : failure]];
    }),
  );
}

/** The files that have another size than was told, or are gone. */
async function changedOf<T extends Wanted>(
  root: CliRoot,
  batch: readonly T[],
  io: Io,
): Promise<Map<T, Failure>> {
  const paths = batch.map(({ path }) => path);
  const found = new Map((await lookAtMany(root, paths, '-d', io)).map((entry) => [entry.path, entry.size]));
  return new Map(
    batch.flatMap((wanted): [T, Failure][] => {
      if (found.get(wanted.path) === wanted.size) return [];
      const subject = subjectOf(root, wanted.path);
      const message = `${subject} is no longer what was listed: it had ${wanted.size} bytes`;
      return [[wanted, hdfsFailure('changed', subject, message, 'run the command again')]];
    }),
  );
}

/** One `-cat`; the failures of those that it did not give, or none when each got its bytes. */
async function catOnce<T extends Wanted>(
  root: CliRoot,
  batch: readonly T[],
  open: OpenSink<T>,
  io: Io,
): Promise<ReadonlyMap<T, Failure>> {
  const asked = { doing: 'read', subject: root.label };
  const args = batch.map(({ path }) => argumentOf(root, path));
  const running = await startShell(root.shell, 'cat', args, asked, io);
  running.stdin.end();
  const exact = await splitStream(running.stdout, batch, open).catch((thrown: unknown) => {
    running.stop();
    throw thrown;
  });
  // A command that is not read to its end waits for ever.
  if (!exact) running.stdout.resume();
  const ended = await running.done;
  if (ended.code === 0 && exact) return new Map();
  const known = ended.code === 0 ? await changedOf(root, batch, io) : complaintsOf(root, batch, ended);
  if (known.size > 0) return known;
  const failure =
    ended.code === 0
      ? hdfsFailure('changed', root.label, `what ${root.label} gave is not what was listed`)
      : complaintFailure(ended, asked);
  return new Map(batch.map((wanted) => [wanted, failure]));
}

/**
 * The bytes of many files by one `-cat`, which gives them one after the other: cut by the sizes told. A file that cannot be
 * read shifts all that follow, so after any trouble the rest is read again.
 * @returns why, for each file whose sink did not get exactly its bytes
 */
export async function catMany<T extends Wanted>(
  root: CliRoot,
  all: readonly T[],
  open: OpenSink<T>,
  io: Io,
): Promise<ReadonlyMap<T, Failure>> {
  const failures = new Map<T, Failure>();
  let from = 0;
  for (const args of inArguments(all.map(({ path }) => argumentOf(root, path)))) {
    let left = all.slice(from, (from += args.length));
    for (let round = 1; left.length > 0; round += 1) {
      const failed = await catOnce(root, left, open, io);
      for (const [wanted, failure] of failed) failures.set(wanted, failure);
      if (failed.size === 0) break;
      left = left.filter((wanted) => !failed.has(wanted));
      if (round < ROUNDS) continue;
      const subject = root.label;
      const message = `${subject} changes faster than it can be read`;
      for (const wanted of left) failures.set(wanted, hdfsFailure('changed', subject, message));
      break;
    }
  }
  return failures;
}
