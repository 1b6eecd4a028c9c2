import type { Under } from '../../../../core/artifact-path.ts';
import type { Io } from '../../../../core/io.ts';
import type { Removal, Undone } from '../../../store.ts';
import { isHidden } from '../names.ts';
import { complaintFailure, kindOf } from './complaint.ts';
import { subjectOf, uriOf, type CliRoot } from './root.ts';
import { runShell } from './run-shell.ts';

/** How many removals one command takes. */
export const CLI_REMOVE_BATCH = 200;

/** `-mkdir -p`. @throws Failure wrong-kind */
export async function makeDirectoryCli(root: CliRoot, path: Under, io: Io): Promise<void> {
  const asked = { doing: 'make the directory', subject: subjectOf(root, path) };
  const ended = await runShell(root.shell, 'mkdir', ['-p', uriOf(root, path)], asked, io);
  if (ended.code === 0) return;
  const failure = complaintFailure(ended, asked);
  throw failure.kind === 'exists' ? failure.with({ kind: 'wrong-kind' }) : failure;
}

/** What a verb complained of one path, which it names in quotes. */
function complaintAbout(complaints: readonly string[], uri: string): string | undefined {
  const path = uri.replace(/^\w+:\/\/[^/]*/, '');
  return complaints.find(
    (each) => each.includes(`\`${uri}'`) || each.includes(`\`${path}'`) || each.includes(`"${path}"`),
  );
}

async function removeKind(
  root: CliRoot,
  verb: readonly [string, ...string[]],
  batch: readonly Removal[],
  io: Io,
): Promise<readonly Undone[]> {
  if (batch.length === 0) return [];
  const [name, ...flags] = verb;
  const uris = batch.map(({ path }) => uriOf(root, path));
  const ended = await runShell(
    root.shell,
    name,
    [...flags, ...uris],
    { doing: 'remove', subject: root.label },
    io,
  );
  if (ended.code === 0) return [];
  return batch.flatMap((removal, index) => {
    const asked = { doing: 'remove', subject: subjectOf(root, removal.path) };
    const complaint = complaintAbout(ended.complaints, uris[index] ?? '');
    // A complaint that names no path is about all of them: a cluster that is not there.
    const told =
      complaint ?? (ended.complaints.every((each) => kindOf(each) === 'unavailable') ? '' : undefined);
    if (told === undefined || kindOf(told) === 'not-found') return [];
    const complaints = complaint === undefined ? ended.complaints : [complaint];
    return [{ removal, failure: complaintFailure({ ...ended, complaints }, asked) }];
  });
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
