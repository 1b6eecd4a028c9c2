import type { Connection } from './connection.ts';
import { isRefusal, isUnknownCommand, refusal } from './failures.ts';
import { parseHumanListing, parseMachineListing, type Child, type Listing } from './parse-listing.ts';
import { folderOf, lastNameOf } from './root.ts';

/**
 * What is at a server path, by listing what holds it; undefined when nothing is. A refusal (550) may mean absent or
 * denied, so it is never taken for an answer: what holds the path is asked, up to a directory that can be listed.
 * @throws Failure denied when that cannot be found out
 */
export async function lookAt(
  connection: Connection,
  path: string,
  subject: string,
): Promise<Child | undefined> {
  const folder = folderOf(path);
  if (folder === undefined) return { name: '/', kind: 'directory' };
  const children = await childrenOf(connection, folder, subject);
  const name = lastNameOf(path);
  return children?.find((child) => child.name === name);
}

/**
 * What is in a directory of the server; undefined when there is no such directory.
 * @throws Failure denied, corrupt (lines that cannot be read: a listing is never shortened)
 */
export async function childrenOf(
  connection: Connection,
  path: string,
  subject: string,
): Promise<readonly Child[] | undefined> {
  if (!(await enter(connection, path, subject))) return undefined;
  const { children, unread } = await listHere(connection, path, subject);
  if (unread > 0) {
    const message = `the listing of ${subject} has ${unread} lines that are in no known form`;
    throw refusal('corrupt', message, subject);
  }
  const broken = children.find(({ name }) => name.includes('\uFFFD'));
  if (broken) {
    const message = `the name ${JSON.stringify(broken.name)} in ${subject} is not UTF-8`;
    throw refusal('corrupt', message, subject, 'rename it; artifact paths are text');
  }
  return children;
}

/** Makes a directory the current one; false when it is not there or is none. @throws Failure denied */
export async function enter(connection: Connection, path: string, subject: string): Promise<boolean> {
  try {
    await connection.client.send(`CWD ${path}`);
    return true;
  } catch (thrown) {
    if (!isRefusal(thrown)) throw connection.failure(thrown, { doing: 'opening', subject });
    const found = path === '/' ? { kind: 'directory' } : await lookAt(connection, path, subject);
    if (found?.kind !== 'directory') return false;
    throw connection.failure(thrown, { doing: 'opening', subject });
  }
}

/** The current directory by the best command that the server knows. */
async function listHere(connection: Connection, path: string, subject: string): Promise<Listing> {
  for (const [index, command] of connection.listCommands.entries()) {
    try {
      const listing = await listBy(connection, command);
      connection.listCommands = connection.listCommands.slice(index);
      if (command === 'LIST -a' && listing.children.length === 0 && !listing.namesItself) {
        await checkReadable(connection, path, subject);
      }
      return listing;
    } catch (thrown) {
      const isLast = index === connection.listCommands.length - 1;
      const next = command === 'MLSD' ? isUnknownCommand(thrown) : isRefusal(thrown);
      if (isLast || !next) throw connection.failure(thrown, { doing: 'listing', subject });
    }
  }
  throw refusal('unsupported', `${subject} cannot be listed`, subject);
}

/** One listing of the current directory, by this command alone. */
export async function listBy(connection: Connection, command: string): Promise<Listing> {
  const { client } = connection;
  const parse = command === 'MLSD' ? parseMachineListing : parseHumanListing;
  let listing: Listing | undefined;
  client.availableListCommands = [command];
  client.parseList = (text) => {
    listing = parse(text);
    return [];
  };
  await client.list();
  return listing ?? parse('');
}

/** vsftpd answers a directory that it may not read with an empty list and 226; but not even `.` is in it. */
async function checkReadable(connection: Connection, path: string, subject: string): Promise<void> {
  await connection.client.send('CWD /');
  const top = await listBy(connection, 'LIST -a');
  await connection.client.send(`CWD ${path}`);
  if (top.namesItself) throw refusal('denied', `listing ${subject} failed: it may not be read`, subject);
}
