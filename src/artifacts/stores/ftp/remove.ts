import type { ArtifactPath, Under } from '../../../core/artifact-path.ts';
import { parentOf } from '../../../core/artifact-path.ts';
import type { Failure } from '../../../core/failure.ts';
import type { Io } from '../../../core/io.ts';
import type { Removal, Undone } from '../../store.ts';
import type { Connection } from './connection.ts';
import { isRefusal, refusal } from './failures.ts';
import { childrenOf, listBy, lookAt } from './look.ts';
import { isHidden } from './names.ts';
import { serverPath, subjectAt, type Root } from './root.ts';

/** What is known of links in directories during one batch: the names of those in each. */
type Links = Map<Under, ReadonlySet<string>>;

/**
 * Removes files, links (never what they point to) and empty directories, one after the other, on one connection.
 * Nothing is removed on a way that leads through a link, as far as the server shows links in a LIST.
 */
export async function removeAll(root: Root, batch: readonly Removal[], io: Io): Promise<readonly Undone[]> {
  const undone: Undone[] = [];
  const links: Links = new Map();
  if (batch.length === 0) return undone;
  await root.pool.use(io, async (connection) => {
    for (const removal of batch) {
      const failure = await removeOne(root, connection, removal, links);
      if (failure === undefined) continue;
      // A connection that ended would fail all that is left: the batch is tried again, what is gone is done.
      if (connection.closed) throw failure;
      undone.push({ removal, failure });
    }
  });
  return undone;
}

async function removeOne(
  root: Root,
  connection: Connection,
  { path, kind, version }: Removal,
  links: Links,
): Promise<Failure | undefined> {
  const subject = subjectAt(root, path);
  if (version)
    return refusal('unsupported', `removing a version of ${subject}: FTP servers tell none`, subject);
  if (isHidden(path)) return undefined;
  try {
    if (await leadsThroughLink(root, connection, parentOf(path), links)) {
      return refusal('denied', `removing ${subject} failed: a link leads there`, subject, 'remove the link');
    }
    const target = serverPath(root, path);
    return await removeAt(connection, target, kind, subject);
  } catch (thrown) {
    return connection.failure(thrown, { doing: 'removing', subject });
  }
}

async function removeAt(
  connection: Connection,
  target: string,
  kind: Removal['kind'],
  subject: string,
): Promise<Failure | undefined> {
  try {
    await connection.client.send(`${kind === 'directory' ? 'RMD' : 'DELE'} ${target}`);
    return undefined;
  } catch (thrown) {
    if (!isRefusal(thrown)) throw thrown;
    const why = await whyNot(connection, target, kind, subject);
    if (why === 'absent') return undefined;
    return why ?? connection.failure(thrown, { doing: 'removing', subject });
  }
}

/** Why a removal was refused: nothing there, another kind, not empty; undefined when the server alone knows. */
async function whyNot(
  connection: Connection,
  target: string,
  kind: Removal['kind'],
  subject: string,
): Promise<Failure | 'absent' | undefined> {
  const found = await lookAt(connection, target, subject);
  if (!found) return 'absent';
  if ((kind === 'directory') !== (found.kind === 'directory')) {
    const message = `${subject} is ${kind === 'directory' ? 'no directory' : 'a directory'}`;
    return refusal('wrong-kind', message, subject);
  }
  if (kind === 'file') return undefined;
  const children = await childrenOf(connection, target, subject);
  if (!children || children.length === 0) return undefined;
  return refusal('conflict', `removing ${subject} failed: the directory is not empty`, subject);
}

async function leadsThroughLink(
  root: Root,
  connection: Connection,
  folder: Under,
  links: Links,
): Promise<boolean> {
  const names = folder === '' ? [] : folder.split('/');
  for (const [index, name] of names.entries()) {
    const holder = names.slice(0, index).join('/') as ArtifactPath | '';
    const known = links.get(holder) ?? (await linksIn(root, connection, holder));
    links.set(holder, known);
    if (known.has(name)) return true;
  }
  return false;
}

/** LIST and not MLSD: servers that follow links in MLSD still show them as `ls -l` does. */
async function linksIn(root: Root, connection: Connection, folder: Under): Promise<ReadonlySet<string>> {
  try {
    await connection.client.send(`CWD ${serverPath(root, folder)}`);
    const { children } = await listBy(connection, 'LIST -a');
    return new Set(children.filter(({ kind }) => kind === 'other').map(({ name }) => name));
  } catch (thrown) {
    if (isRefusal(thrown)) return new Set();
    throw thrown;
  }
}
