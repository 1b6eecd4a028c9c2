import type { Under } from '../../../../core/artifact-path.ts';
import type { Io } from '../../../../core/io.ts';
import type { Removal, Undone } from '../../../store.ts';
import { isHidden } from '../names.ts';
import { complaintAbout, complaintFailure, isBelowFile, kindOf } from './complaint.ts';
import { inArguments } from './in-arguments.ts';
import { argumentOf, subjectOf, uriOf, type CliRoot } from './root.ts';
import { runShell, type Ended } from './run-shell.ts';

/** How many removals one command takes. */
export const CLI_REMOVE_BATCH = 1000;

/** `-mkdir -p`. @throws Failure wrong-kind */
export async function makeDirectoryCli(root: CliRoot, path: Under, io: Io): Promise<void> {
  const asked = { doing: 'make the directory', subject: subjectOf(root, path) };
  const ended = await runShell(root.shell, 'mkdir', ['-p', argumentOf(root, path)], asked, io);
  if (ended.code === 0) return;
  const failure = complaintFailure(ended, asked);
  throw failure.kind === 'exists' ? failure.with({ kind: 'wrong-kind' }) : failure;
}

const isGone = (complaint: string) => kindOf(complaint) === 'not-found' || isBelowFile(complaint);

/** What of a batch is still there, by what the command complained of. */
function undoneOf(root: CliRoot, batch: readonly Removal[], ended: Ended): readonly Undone[] {
  const about = batch.map(({ path }) => complaintAbout(ended.complaints, uriOf(root, path)));
  // A complaint that no path can be told from is about all of which none is known.
  const general = ended.complaints.findLast((each) => !isGone(each) && !about.includes(each));
  const nothingTold = ended.complaints.length === 0;
  return batch.flatMap((removal, index) => {
    const complaint = about[index] ?? general;
    if (complaint === undefined ? !nothingTold : isGone(complaint)) return [];
    const complaints = complaint === undefined ? [] : [complaint];
    const asked = { doing: 'remove', subject: subjectOf(root, removal.path) };
    return [{ removal, failure: complaintFailure({ ...ended, complaints }, asked) }];
  });
}

async function removeKind(
  root: CliRoot,
  verb: readonly [string, ...string[]],
  batch: readonly Removal[],
  io: Io,
): Promise<readonly Undone[]> {
  const [name, ...flags] = verb;
  const asked = { doing: 'remove', subject: root.label };
  const undone: Undone[] = [];
  let from = 0;
  for (const args of inArguments(batch.map(({ path }) => argumentOf(root, path)))) {
    const part = batch.slice(from, (from += args.length));
    const ended = await runShell(root.shell, name, [...flags, ...args], asked, io);
    if (ended.code !== 0) undone.push(...undoneOf(root, part, ended));
  }
  return undone;
}

/** `-rm` of all files in one command, then `-rmdir` of directories in the order given; nothing goes to the trash. */
export async function removeCli(
  root: CliRoot,
  batch: readonly Removal[],
  io: Io,
): Promise<readonly Undone[]> {
  root.known.clear();
  const seen = batch.filter(({ path }) => !isHidden(path));
  const files = seen.filter(({ kind }) => kind === 'file');
  const directories = seen.filter(({ kind }) => kind === 'directory');
  const undone = [
    ...(await removeKind(root, ['rm', '-f', '-skipTrash'], files, io)),
    ...(await removeKind(root, ['rmdir'], directories, io)),
  ];
  return batch.flatMap((removal) => undone.find((each) => each.removal === removal) ?? []);
}
