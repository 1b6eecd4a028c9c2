import { isWithin, relativeTo, type ArtifactPath, type Under } from '../../../core/artifact-path.ts';
import { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import { comparePaths } from '../../../core/order.ts';
import type { Entry } from '../../store.ts';
import { isTemporary } from '../../temporaries.ts';
import { entryOf } from './entries.ts';
import { sftpFailure } from './failures.ts';
import { isHidden } from './names.ts';
import { attributesOf, readDirectory } from './read-directory.ts';
import { fileAt, subjectOf, type Root } from './root.ts';
import type { Session } from './session.ts';

const PAGE = 1000;

interface Name {
  readonly name: string;
  readonly entry: Entry;
  /** False for a directory that was delivered before and is entered again. */
  readonly isNew: boolean;
}

/** A directory on the way down: what is left of it, and where in it an earlier listing had arrived. */
interface Level {
  readonly after: string | undefined;
  readonly names: readonly Name[];
  next: number;
}

/**
 * Pages of what is below a directory, in the order of paths; directories come before what is in them. Names are held per
 * directory on the way down, no handle and no session between pages. A directory that vanishes meanwhile is empty; one
 * that may not be read fails the listing. Links are not descended into.
 */
export async function* listDirectory(
  root: Root,
  under: Under,
  options: { readonly recursive: boolean; readonly after?: ArtifactPath },
  io: Io,
): AsyncGenerator<readonly Entry[]> {
  if (isHidden(under)) return;
  const { after } = options;
  const arrived = after !== undefined && isWithin(after, under) ? relativeTo(under, after) : undefined;
  const levels = [await openLevel(root, under, arrived, io)];
  let page: Entry[] = [];
  for (let level = levels.at(-1); level; level = levels.at(-1)) {
    io.signal.throwIfAborted();
    const found = level.names[level.next];
    level.next += 1;
    if (found?.isNew === true) page.push(found.entry);
    if (!found) levels.pop();
    else if (options.recursive && found.entry.kind === 'directory')
      levels.push(await openLevel(root, found.entry.path, deeperAfter(level, found), io));
    if (page.length >= PAGE) {
      yield page;
      page = [];
    }
  }
  if (page.length > 0) yield page;
}

function deeperAfter({ after }: Level, { name }: Name): string | undefined {
  const [arrived, ...deeper] = after?.split('/') ?? [];
  return arrived === name && deeper.length > 0 ? deeper.join('/') : undefined;
}

async function openLevel(root: Root, path: Under, after: string | undefined, io: Io): Promise<Level> {
  const found = await root.pool
    .use(io.signal, async (session) => namesIn(session, root, path, io))
    .catch((thrown: unknown) => {
      throw sftpFailure(thrown, 'listing', subjectOf(root, path));
    });
  const sorted = found.toSorted((a, b) =>
    comparePaths(a.name, b.name, a.entry.kind === 'directory', b.entry.kind === 'directory'),
  );
  return { after, names: after === undefined ? sorted : namesAfter(sorted, after), next: 0 };
}

function namesAfter(sorted: readonly Name[], after: string): readonly Name[] {
  const slash = after.indexOf('/');
  const arrived = slash < 0 ? after : after.slice(0, slash);
  const there = sorted.find(({ name }) => name === arrived);
  const isDirectory = slash >= 0 || there?.entry.kind === 'directory';
  return sorted.flatMap((each) => {
    const eachIsDirectory = each.entry.kind === 'directory';
    if (each.name === arrived) return eachIsDirectory ? [{ ...each, isNew: false }] : [];
    return comparePaths(each.name, arrived, eachIsDirectory, isDirectory) > 0 ? [each] : [];
  });
}

async function namesIn(session: Session, root: Root, path: Under, io: Io): Promise<readonly Name[]> {
  const names: Name[] = [];
  for (const listed of await readDirectory(session, root, path, io)) {
    const name = listed.filename;
    if (isTemporary(name)) continue;
    checkText(root, path, name);
    // The names in a directory are checked by the guard layer, which refuses the ones that are not allowed.
    const below = (path === '' ? name : `${path}/${name}`) as ArtifactPath;
    const known = await attributesOf(listed, session, fileAt(root, path), io);
    if (known) names.push({ name, entry: entryOf(below, known), isNew: true });
  }
  return names;
}

/** Bytes that are not UTF-8 arrive as U+FFFD, and a request for that name would be one for another file. */
function checkText(root: Root, path: Under, name: string): void {
  if (!name.includes('\uFFFD')) return;
  const subject = subjectOf(root, path);
  throw new Failure({
    kind: 'corrupt',
    message: `the name ${JSON.stringify(name)} in ${subject} is not UTF-8`,
    hint: 'rename it on the server; artifact paths are text',
    subject,
  });
}
