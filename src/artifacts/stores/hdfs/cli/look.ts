import type { ArtifactPath, Under } from '../../../../core/artifact-path.ts';
import { joinPath } from '../../../../core/artifact-path.ts';
import type { Failure } from '../../../../core/failure.ts';
import type { Io } from '../../../../core/io.ts';
import { comparePaths } from '../../../../core/order.ts';
import type { Entry } from '../../../store.ts';
import { isHidden } from '../names.ts';
import { inArguments } from './in-arguments.ts';
import { complaintAbout, complaintFailure, isBelowFile, kindOf } from './complaint.ts';
import { argumentOf, subjectOf, uriOf, type CliRoot } from './root.ts';
import { runShell } from './run-shell.ts';

const PAGE = 1000;
const KINDS: Readonly<Record<string, Entry['kind']>> = { 'regular file': 'file', directory: 'directory' };
/** `-rw-r--r--   3 alice users   1234 2026-01-31 23:59 /path` (Ls.java): a minute is its finest time. */
const LINE = /^([-dl])\S+\s+(?:-|\d+)\s+.+?\s+(\d+)\s+(\d{4}-\d\d-\d\d) (\d\d:\d\d) (\S.*)$/;

function entry(path: ArtifactPath, kind: Entry['kind'], size: number, modified: Date): Entry {
  return { path, kind, ...(kind === 'file' ? { size } : {}), modified, checksums: [] };
}

const absent = (failure: Failure) => failure.kind === 'not-found' || failure.kind === 'wrong-kind';

/** `-stat` of one path. */
export async function statCli(root: CliRoot, path: ArtifactPath, io: Io): Promise<Entry | undefined> {
  if (isHidden(path)) return undefined;
  const asked = { doing: 'look at', subject: subjectOf(root, path) };
  const ended = await runShell(root.shell, 'stat', ['%F|%b|%Y', argumentOf(root, path)], asked, io);
  if (ended.code !== 0) {
    const failure = complaintFailure(ended, asked);
    if (absent(failure)) return undefined;
    throw failure;
  }
  const [type = '', size = '', modified = ''] = ended.stdout.trim().split('|');
  return entry(path, KINDS[type] ?? 'other', Number(size), new Date(Number(modified)));
}

function parseLine(root: CliRoot, under: Under, line: string): Entry | undefined {
  const [, type, size = '', day = '', time = '', name = ''] = LINE.exec(line) ?? [];
  const prefix = uriOf(root, under).replace(/\/?$/, '/');
  if (type === undefined || !name.startsWith(prefix)) return undefined;
  const path = joinPath(under, name.slice(prefix.length));
  const kind = type === 'd' ? 'directory' : type === '-' ? 'file' : 'other';
  return entry(path, kind, Number(size), new Date(`${day}T${time}:00Z`));
}

/** `-ls` of a directory, hidden names included; nothing when it is absent. */
export async function entriesBelow(
  root: CliRoot,
  under: Under,
  recursive: boolean,
  io: Io,
): Promise<Entry[]> {
  const asked = { doing: 'list', subject: subjectOf(root, under) };
  const args = [...(recursive ? ['-R'] : []), argumentOf(root, under)];
  const ended = await runShell(root.shell, 'ls', args, asked, io);
  if (ended.code !== 0) {
    const failure = complaintFailure(ended, asked);
    if (absent(failure)) return [];
    throw failure;
  }
  return entriesIn(root, under, ended.stdout);
}

function entriesIn(root: CliRoot, under: Under, stdout: string): Entry[] {
  return stdout.split('\n').flatMap((line) => parseLine(root, under, line) ?? []);
}

/** `-ls` of many paths, each with all that is below it (`-R`) or by itself (`-d`); absent ones are left out, hidden ones not. */
export async function lookAtMany(
  root: CliRoot,
  paths: readonly ArtifactPath[],
  flag: '-R' | '-d',
  io: Io,
): Promise<readonly Entry[]> {
  const asked = { doing: 'list', subject: root.label };
  const found: Entry[] = [];
  let from = 0;
  for (const args of inArguments(paths.map((path) => argumentOf(root, path)))) {
    const part = paths.slice(from, (from += args.length));
    const ended = await runShell(root.shell, 'ls', [flag, ...args], asked, io);
    const trouble = ended.complaints.find((each) => kindOf(each) !== 'not-found' && !isBelowFile(each));
    if (trouble !== undefined) throw complaintFailure({ ...ended, complaints: [trouble] }, asked);
    const listed = entriesIn(root, '', ended.stdout);
    const named = new Set(listed.map((entry) => entry.path));
    for (const entry of listed) found.push(entry);
    // A directory is not in its own listing.
    const directories = part.filter(
      (path) => !named.has(path) && complaintAbout(ended.complaints, uriOf(root, path)) === undefined,
    );
    for (const path of directories) found.push({ path, kind: 'directory', checksums: [] });
  }
  return found;
}

function rest(entries: readonly Entry[], after: ArtifactPath | undefined): readonly Entry[] {
  if (after === undefined) return entries;
  const index = entries.findIndex(({ path }) => path === after);
  if (index >= 0) return entries.slice(index + 1);
  return entries.filter(({ path, kind }) => comparePaths(path, after, kind === 'directory') > 0);
}

/** `-ls` or `-ls -R`: one command for a whole tree, which is held while it is sorted. */
export async function* listCli(
  root: CliRoot,
  under: Under,
  options: { readonly recursive: boolean; readonly after?: ArtifactPath },
  io: Io,
): AsyncGenerator<readonly Entry[]> {
  if (isHidden(under)) return;
  const all = await entriesBelow(root, under, options.recursive, io);
  const found = all.filter(({ path }) => !isHidden(path));
  found.sort((a, b) => comparePaths(a.path, b.path, a.kind === 'directory', b.kind === 'directory'));
  const wanted = rest(found, options.after);
  for (let from = 0; from < wanted.length; from += PAGE) yield wanted.slice(from, from + PAGE);
}
