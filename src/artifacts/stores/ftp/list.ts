import { isWithin, relativeTo, type ArtifactPath, type Under } from '../../../core/artifact-path.ts';
import type { Io } from '../../../core/io.ts';
import { comparePaths } from '../../../core/order.ts';
import type { Entry } from '../../store.ts';
import { isTemporary } from '../../temporaries.ts';
import { childrenOf } from './look.ts';
import { isHidden } from './names.ts';
import type { Child } from './parse-listing.ts';
import { serverPath, subjectAt, type Root } from './root.ts';

const PAGE = 1000;

/** A directory to list, and how far an earlier listing had come in it. */
interface Start {
  readonly path: Under;
  readonly after: string | undefined;
  /** Marks of the directories that lead here, so that a link to one of them is not gone into for ever. */
  readonly marks: readonly string[];
}

/** A directory on the way down: what is left of it. */
interface Level extends Start {
  readonly children: readonly Child[];
  next: number;
}

/** A listed child as an entry. */
export function entryOf(path: ArtifactPath, { kind, size, modified }: Child): Entry {
  return {
    path,
    kind,
    ...(size === undefined ? {} : { size }),
    ...(modified === undefined ? {} : { modified }),
    checksums: [],
  };
}

/** The names in a directory are not checked here: the guard layer refuses the ones that are not allowed. */
function below(path: Under, name: string): ArtifactPath {
  return (path === '' ? name : `${path}/${name}`) as ArtifactPath;
}

/**
 * Pages of what is below a directory, in the order of paths; directories come before what is in them. Each directory
 * is listed once, on a connection that is free again before the page is given: a reader inside the loop needs no second
 * one. A directory that vanishes meanwhile is empty; one that may not be read fails the listing.
 */
export async function* listTree(
  root: Root,
  under: Under,
  options: { readonly recursive: boolean; readonly after?: ArtifactPath },
  io: Io,
): AsyncGenerator<readonly Entry[]> {
  if (isHidden(under)) return;
  const { after, recursive } = options;
  const arrived = after !== undefined && isWithin(after, under) ? relativeTo(under, after) : undefined;
  const levels = [await openLevel(root, { path: under, after: arrived, marks: [] }, io)];
  let page: Entry[] = [];
  for (let level = levels.at(-1); level; level = levels.at(-1)) {
    const step = nextStep(level);
    if (!step) levels.pop();
    if (step?.entry) page.push(step.entry);
    if (step?.below && recursive) levels.push(await openLevel(root, step.below, io));
    if (page.length >= PAGE) {
      yield page;
      page = [];
    }
  }
  if (page.length > 0) yield page;
}

/** What a level gives next: an entry, unless it was delivered before, and where a directory leads. */
interface Step {
  readonly entry?: Entry;
  readonly below?: Start;
}

function nextStep(level: Level): Step | undefined {
  const child = level.children[level.next];
  level.next += 1;
  if (!child) return undefined;
  const { name, unique } = child;
  const path = below(level.path, name);
  const { after = '' } = level;
  const isDelivered = after === name || after.startsWith(`${name}/`);
  const isLoop = unique !== undefined && level.marks.includes(unique);
  const entry = isDelivered ? {} : { entry: entryOf(path, isLoop ? { name, kind: 'other' } : child) };
  if (child.kind !== 'directory' || isLoop) return entry;
  const deeper = after.startsWith(`${name}/`) ? after.slice(name.length + 1) : undefined;
  const marks = unique === undefined ? level.marks : [...level.marks, unique];
  return { ...entry, below: { path, after: deeper, marks } };
}

async function openLevel(root: Root, { path, after, marks }: Start, io: Io): Promise<Level> {
  const subject = subjectAt(root, path);
  const found = await root.pool.use(io, async (connection) =>
    childrenOf(connection, serverPath(root, path), subject),
  );
  const sorted = (found ?? [])
    .filter(({ name }) => !isTemporary(name))
    .toSorted((a, b) => comparePaths(a.name, b.name, a.kind === 'directory', b.kind === 'directory'));
  return { path, after, marks, children: after === undefined ? sorted : rest(sorted, after), next: 0 };
}

/** What comes after a path, with the directory that holds it, which is entered again. */
function rest(sorted: readonly Child[], after: string): readonly Child[] {
  const slash = after.indexOf('/');
  const arrived = slash < 0 ? after : after.slice(0, slash);
  const there = sorted.find(({ name }) => name === arrived);
  const isDirectory = slash >= 0 || there?.kind === 'directory';
  return sorted.filter((child) => {
    if (child.name === arrived) return child.kind === 'directory';
    return comparePaths(child.name, arrived, child.kind === 'directory', isDirectory) > 0;
  });
}
