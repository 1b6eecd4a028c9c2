import { isUtf8 } from 'node:buffer';
import type { Dirent } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { isWithin, relativeTo, type ArtifactPath, type Under } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import { comparePaths } from '../../../core/order.ts';
import type { Entry } from '../../store.ts';
import { isTemporary } from '../../temporaries.ts';
import { entryOf, kindOf } from './entries.ts';
import { isAbsent, localFailure } from './failures.ts';
import { isHidden } from './names.ts';
import type { Root } from './root.ts';

const PAGE = 1000;
/** Files looked at together; the thread pool has four threads. */
const TOGETHER = 32;

interface Name {
  readonly name: string;
  readonly isDirectory: boolean;
  /** False for a directory that was delivered before and is entered again. */
  readonly isNew: boolean;
}

/** A directory on the way down: what is left of it, and where in it an earlier listing had arrived. */
interface Level {
  readonly directory: string;
  readonly path: Under;
  readonly after: string | undefined;
  readonly names: readonly Name[];
  next: number;
}

/**
 * Pages of what is below a directory, in the order of paths; directories come before what is in them. Names are held per
 * directory on the way down, nothing is open between pages. A directory that vanishes meanwhile is empty; one that may
 * not be read fails the listing.
 */
export async function* listDirectory(
  root: Root,
  under: Under,
  options: { readonly recursive: boolean; readonly after?: ArtifactPath },
  io: Io,
): AsyncGenerator<readonly Entry[]> {
  const top = isHidden(under) ? undefined : await root.realOf(under);
  if (top === undefined) return;
  const { after } = options;
  const arrived = after !== undefined && isWithin(after, under) ? relativeTo(under, after) : undefined;
  const levels = [await openLevel(top, under, arrived)];
  let page: Entry[] = [];
  for (let level = levels.at(-1); level; level = levels.at(-1)) {
    io.signal.throwIfAborted();
    const names = take(level);
    if (names.length === 0) levels.pop();
    page.push(...(await entriesOf(level, names)));
    const last = names.at(-1);
    if (options.recursive && last?.isDirectory) levels.push(await enter(level, last));
    if (page.length >= PAGE) {
      yield page;
      page = [];
    }
  }
  if (page.length > 0) yield page;
}

/** The next names of a level, up to and with its next directory. */
function take(level: Level): readonly Name[] {
  const from = level.next;
  while (level.next < level.names.length && level.next - from < TOGETHER) {
    level.next += 1;
    if (level.names[level.next - 1]?.isDirectory) break;
  }
  return level.names.slice(from, level.next);
}

async function enter(level: Level, { name }: Name): Promise<Level> {
  const [arrived, ...deeper] = level.after?.split('/') ?? [];
  const after = arrived === name && deeper.length > 0 ? deeper.join('/') : undefined;
  return openLevel(join(level.directory, name), below(level.path, name), after);
}

/** The names in a directory are not checked here: the guard layer refuses the ones that are not allowed. */
function below(path: Under, name: string): ArtifactPath {
  return (path === '' ? name : `${path}/${name}`) as ArtifactPath;
}

async function openLevel(directory: string, path: Under, after: string | undefined): Promise<Level> {
  const sorted = (await namesIn(directory)).toSorted((a, b) =>
    comparePaths(a.name, b.name, a.isDirectory, b.isDirectory),
  );
  return { directory, path, after, names: after === undefined ? sorted : namesAfter(sorted, after), next: 0 };
}

function namesAfter(sorted: readonly Name[], after: string): readonly Name[] {
  const slash = after.indexOf('/');
  const arrived = slash < 0 ? after : after.slice(0, slash);
  const there = sorted.find(({ name }) => name === arrived);
  const isDirectory = slash >= 0 || there?.isDirectory === true;
  return sorted.flatMap((each) => {
    if (each.name === arrived) return each.isDirectory ? [{ ...each, isNew: false }] : [];
    return comparePaths(each.name, arrived, each.isDirectory, isDirectory) > 0 ? [each] : [];
  });
}

async function namesIn(directory: string): Promise<readonly Name[]> {
  let found: readonly Dirent<Buffer>[];
  try {
    found = await readdir(directory, { withFileTypes: true, encoding: 'buffer' });
  } catch (thrown) {
    if (isAbsent(thrown)) return [];
    throw localFailure(thrown, 'listing', directory);
  }
  return found
    .map((dirent) => ({
      name: decode(directory, dirent.name),
      isDirectory: kindOf(dirent) === 'directory',
      isNew: true,
    }))
    .filter(({ name }) => !isTemporary(name));
}

function decode(directory: string, name: Buffer): string {
  if (isUtf8(name)) return name.toString('utf8');
  const shown = name
    .toString('latin1')
    .replaceAll(/[^ -~]/g, (each) => `\\x${each.charCodeAt(0).toString(16).padStart(2, '0')}`);
  throw new Failure({
    kind: 'corrupt',
    message: `the name "${shown}" in ${directory} is not UTF-8`,
    hint: 'rename it; artifact paths are text',
    subject: directory,
  });
}

async function entriesOf(level: Level, names: readonly Name[]): Promise<readonly Entry[]> {
  const found = await Promise.all(
    names.filter(({ isNew }) => isNew).map(async ({ name }) => entryAt(level, name)),
  );
  return found.filter((entry) => entry !== undefined);
}

async function entryAt(level: Level, name: string): Promise<Entry | undefined> {
  const file = join(level.directory, name);
  try {
    return entryOf(below(level.path, name), await lstat(file, { bigint: true }));
  } catch (thrown) {
    if (isAbsent(thrown)) return undefined;
    throw localFailure(thrown, 'looking at', file);
  }
}
