import { joinPath, type ArtifactPath, type Under } from '../../../../../core/artifact-path.ts';
import type { Failure } from '../../../../../core/failure.ts';
import type { Io } from '../../../../../core/io.ts';
import type { Entry } from '../../../../store.ts';
import { complaintAbout, complaintFailure } from '../complaint.ts';
import { inArguments } from '../in-arguments.ts';
import { removeCli } from '../remove.ts';
import { argumentOf, subjectOf, uriOf, type CliRoot } from '../root.ts';
import { runShell } from '../run-shell.ts';
import { groupMoves, planMoves } from './plan-moves.ts';

/** Moves things of one hidden directory into one that is there; those that stayed, and why. */
async function moveInto(
  root: CliRoot,
  hidden: ArtifactPath,
  into: Under,
  tops: readonly ArtifactPath[],
  io: Io,
): Promise<ReadonlyMap<ArtifactPath, Failure>> {
  const stayed = new Map<ArtifactPath, Failure>();
  let from = 0;
  for (const args of inArguments(tops.map((top) => argumentOf(root, joinPath(hidden, top))))) {
    const part = tops.slice(from, (from += args.length));
    const asked = { doing: 'store', subject: subjectOf(root, into) };
    const ended = await runShell(root.shell, 'mv', [...args, argumentOf(root, into)], asked, io);
    if (ended.code === 0) continue;
    const about = part.map(
      (top) =>
        complaintAbout(ended.complaints, uriOf(root, joinPath(hidden, top))) ??
        complaintAbout(ended.complaints, uriOf(root, top)),
    );
    const isTold = ended.complaints.length > 0 && ended.complaints.every((each) => about.includes(each));
    for (const [index, top] of part.entries()) {
      const complaint = about[index];
      if (complaint === undefined && isTold) continue;
      const complaints = complaint === undefined ? ended.complaints : [complaint];
      stayed.set(
        top,
        complaintFailure({ ...ended, complaints }, { ...asked, subject: subjectOf(root, top) }),
      );
    }
  }
  return stayed;
}

/** Removes what is replaced and what is empty then; the files that could not be removed, and why. */
async function clear(
  root: CliRoot,
  ready: readonly ArtifactPath[],
  there: readonly Entry[],
  io: Io,
): Promise<{ readonly blocked: ReadonlyMap<ArtifactPath, Failure>; readonly standing: Set<ArtifactPath> }> {
  const { replaced, emptied } = planMoves(ready, there);
  const files = replaced.map((path) => ({ path, kind: 'file' }) as const);
  const undone = files.length === 0 ? [] : await removeCli(root, files, io);
  const blocked = new Map(undone.map(({ removal, failure }) => [removal.path, failure]));
  const standing = new Set(there.flatMap(({ path, kind }) => (kind === 'directory' ? [path] : [])));
  // One alone is as quickly moved into.
  if (emptied.length < 2 || blocked.size > 0) return { blocked, standing };
  const folders = emptied.map((path) => ({ path, kind: 'directory' }) as const);
  const full = new Set((await removeCli(root, folders, io)).map(({ removal }) => removal.path));
  for (const path of emptied) if (!full.has(path)) standing.delete(path);
  return { blocked, standing };
}

/**
 * Moves what lies ready and proven in a hidden directory to where it belongs, directories as wholes: one `-mv` for each
 * directory that is there before. What is replaced is removed first, so for as long as a JVM takes to start neither is there.
 * @returns why, for each path that is not there now
 */
export async function publishTree(
  root: CliRoot,
  hidden: ArtifactPath,
  ready: readonly ArtifactPath[],
  there: readonly Entry[],
  io: Io,
): Promise<ReadonlyMap<ArtifactPath, Failure>> {
  const { blocked, standing } = await clear(root, ready, there, io);
  const failures = new Map(blocked);
  const free = ready.filter((path) => !blocked.has(path));
  for (const [into, tops] of groupMoves(free, standing)) {
    const stayed = await moveInto(root, hidden, into, [...tops], io);
    for (const path of free) {
      const top = [...stayed.keys()].find((each) => path === each || path.startsWith(`${each}/`));
      const failure = top === undefined ? undefined : stayed.get(top);
      if (failure) failures.set(path, failure);
    }
  }
  return failures;
}
