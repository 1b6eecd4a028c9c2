import type { Connection } from './connection.ts';
import { isRefusal, refusal } from './failures.ts';
import { lookAt } from './look.ts';
import { folderOf } from './root.ts';

async function canEnter(connection: Connection, path: string, subject: string): Promise<boolean> {
  try {
    await connection.client.send(`CWD ${path}`);
    return true;
  } catch (thrown) {
    if (isRefusal(thrown)) return false;
    throw connection.failure(thrown, { doing: 'opening', subject });
  }
}

/**
 * Makes a directory of the server and those that hold it; done when it is there already, whoever made it.
 * @throws Failure wrong-kind (a file is in the way), denied
 */
export async function makeFolders(connection: Connection, path: string, subject: string): Promise<void> {
  if (await canEnter(connection, path, subject)) return;
  const folder = folderOf(path);
  if (folder !== undefined) await makeFolders(connection, folder, subject);
  try {
    await connection.client.send(`MKD ${path}`);
  } catch (thrown) {
    if (!isRefusal(thrown)) throw connection.failure(thrown, { doing: 'making a directory for', subject });
    if (await canEnter(connection, path, subject)) return;
    const found = await lookAt(connection, path, subject);
    if (found && found.kind !== 'directory') {
      throw refusal('wrong-kind', `${subject}: ${path} on the server is not a directory`, subject);
    }
    throw connection.failure(thrown, { doing: 'making a directory for', subject });
  }
}
