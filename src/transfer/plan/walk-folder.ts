import { isUtf8 } from 'node:buffer';
import type { Dirent } from 'node:fs';
import { opendir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { FileIdentity } from '../../artifacts/sources.ts';
import { Failure } from '../../core/failure.ts';
import { comparePaths } from '../../core/order.ts';
import { TAKE_ALL, type Filter } from './filter.ts';
import { unwalkable } from './unwalkable.ts';

/** A name below a walked folder, as far as its folder tells; `name` uses `/`. */
export type Found = At &
  (
    | { readonly kind: 'name' | 'empty-folder' | 'excluded' }
    | { readonly kind: 'trouble'; readonly failure: Failure }
  );

interface At {
  readonly name: string;
  readonly file: string;
}

/** A name below a walked folder, looked at. */
export type Walked =
  | ({ readonly kind: 'file'; readonly name: string } & FileIdentity)
  | (At & { readonly kind: 'empty-folder' | 'excluded' | 'special' })
  | (At & { readonly kind: 'trouble'; readonly failure: Failure });

/** A folder on the way down. Names of folders end with a slash, which is also how they sort. */
interface Level {
  readonly folder: string;
  readonly prefix: string;
  readonly real: string;
  readonly names: readonly string[];
  next: number;
}

/** How many files are looked at together: the thread pool has four threads. */
const TOGETHER = 32;
/** Names that are read from a folder at once. */
const NAMES_AT_ONCE = 1024;

/**
 * Everything below a folder in path order (see `comparePaths`), with what each file is. Links are followed, as MLflow
 * follows links to files. What cannot be read below the folder (a link that leads nowhere or back into a folder being
 * walked, a folder that may not be listed) is given as `trouble`, and the walk goes on. Memory: the names of the folders
 * on the way down.
 * @throws Failure not-found, denied for the folder itself, invalid for a name that is not UTF-8, cancelled
 */
export async function* walkFolder(
  folder: string,
  signal: AbortSignal,
  filter: Filter = TAKE_ALL,
): AsyncGenerator<Walked> {
  let batch: Found[] = [];
  for await (const found of walkNames(folder, signal, filter)) {
    if (batch.push(found) < TOGETHER) continue;
    for (const walked of await Promise.all(batch.map(look))) yield walked;
    batch = [];
  }
  for (const walked of await Promise.all(batch.map(look))) yield walked;
}

/** The same by names alone: no file is looked at. @throws Failure as `walkFolder` */
export async function* walkNames(
  folder: string,
  signal: AbortSignal,
  filter: Filter = TAKE_ALL,
): AsyncGenerator<Found> {
  const top = await openLevel(folder, '', []);
  if (top instanceof Failure) throw top;
  const levels: Level[] = [top];
  for (let level = levels.at(-1); level; level = levels.at(-1)) {
    signal.throwIfAborted();
    const key = level.names[level.next];
    level.next += 1;
    if (key === undefined) levels.pop();
    else if (key.endsWith('/')) yield* await enter(levels, level, key.slice(0, -1), filter);
    else yield fileFound(level, key, filter);
  }
}

function fileFound(level: Level, bare: string, filter: Filter): Found {
  const name = `${level.prefix}${bare}`;
  return { kind: filter.takes(name) ? 'name' : 'excluded', name, file: join(level.folder, bare) };
}

/** Goes down into a folder that holds anything; gives what there is to tell of one that is not entered. */
async function enter(levels: Level[], level: Level, bare: string, filter: Filter): Promise<readonly Found[]> {
  const at = { name: `${level.prefix}${bare}`, file: join(level.folder, bare) };
  if (filter.prunes(at.name)) return [{ kind: 'excluded', ...at }];
  const opened = await openLevel(at.file, `${at.name}/`, levels);
  if (opened instanceof Failure) return [{ kind: 'trouble', ...at, failure: opened }];
  if (opened.names.length === 0)
    return [{ kind: filter.takesFolder(at.name) ? 'empty-folder' : 'excluded', ...at }];
  levels.push(opened);
  return [];
}

async function openLevel(folder: string, prefix: string, above: readonly Level[]): Promise<Level | Failure> {
  try {
    const real = await realpath(folder);
    if (above.some((level) => level.real === real)) return loop(folder);
    const names: string[] = [];
    for await (const entry of await opendir(folder, OPEN)) {
      const name = decodeName(entry as unknown as Dirent<Buffer>, folder);
      names.push((isFolder(entry) ?? (await leadsToFolder(join(folder, name)))) ? `${name}/` : name);
    }
    return { folder, prefix, real, names: names.sort((a, b) => comparePaths(a, b)), next: 0 };
  } catch (thrown) {
    if (thrown instanceof Failure) throw thrown;
    return unwalkable(thrown, folder);
  }
}

/** Names as bytes, which the types of `opendir` do not know of. */
const OPEN = { encoding: 'buffer' as BufferEncoding, bufferSize: NAMES_AT_ONCE };

/** Undefined for a link, and where the file system does not tell. */
function isFolder(entry: Dirent): boolean | undefined {
  if (entry.isDirectory()) return true;
  return entry.isFile() || entry.isSocket() || entry.isFIFO() ? false : undefined;
}

async function leadsToFolder(file: string): Promise<boolean> {
  const facts = await stat(file).catch(() => undefined);
  return facts?.isDirectory() === true;
}

function decodeName({ name: bytes }: Dirent<Buffer>, folder: string): string {
  const name = bytes.toString('utf8');
  if (isUtf8(bytes)) return name;
  throw new Failure({
    kind: 'invalid',
    message: `${join(folder, name)} has a name that is not UTF-8`,
    hint: 'rename it, for instance with convmv',
    subject: folder,
  });
}

async function look(found: Found): Promise<Walked> {
  const { name, file } = found;
  if (found.kind === 'trouble') return found;
  if (found.kind !== 'name') return { kind: found.kind, name, file };
  try {
    const facts = await stat(file);
    if (!facts.isFile()) return { kind: 'special', name, file };
    const { size, mtimeMs, ino } = facts;
    return { kind: 'file', name, file, size, mtimeMs, ino };
  } catch (thrown) {
    return { kind: 'trouble', name, file, failure: unwalkable(thrown, file) };
  }
}

function loop(folder: string): Failure {
  return new Failure({
    kind: 'invalid',
    message: `${folder} is a link back to a folder that contains it`,
    hint: 'remove the link, or log the folders one by one',
    subject: folder,
  });
}
