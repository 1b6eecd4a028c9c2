import { Readable } from 'node:stream';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { TLSSocket } from 'node:tls';
import type { ArtifactPath } from '../../../core/artifact-path.ts';
import { asFailure, Failure } from '../../../core/failure.ts';
import { cleanupIo, type Io } from '../../../core/io.ts';
import type { Source, Stored, WriteOptions } from '../../store.ts';
import { temporaryName } from '../../temporaries.ts';
import type { Connection } from './connection.ts';
import { isRefusal, refusal } from './failures.ts';
import { makeFolders } from './folders.ts';
import { publish } from './publish.ts';
import { sizeOf } from './read.ts';
import { folderOf, serverPath, subjectAt, type Root } from './root.ts';

/**
 * Writes a file whole or not at all: STOR under a name of its own in the same directory, its size read back, then
 * renamed. What was there stays until then.
 * @throws Failure exists, changed (the source), wrong-kind, denied, no-space, corrupt (the server has another size)
 */
export async function writeFile(
  root: Root,
  path: ArtifactPath,
  source: Source,
  { when, owner }: WriteOptions,
  io: Io,
): Promise<Stored> {
  const subject = subjectAt(root, path);
  const target = serverPath(root, path);
  const folder = folderOf(target) ?? '/';
  const temporary = `${folder === '/' ? '' : folder}/${temporaryName(owner)}`;
  if (when && 'version' in when) {
    throw refusal('unsupported', `writing ${subject} on a condition: FTP servers tell no versions`, subject);
  }
  let begun = false as boolean;
  try {
    return await root.pool.use(io, async (connection) => {
      await makeFolders(connection, folder, subject);
      if (when) await checkAbsent(connection, target, subject);
      begun = true;
      const sent = await send(connection, temporary, subject, source, io);
      await confirmSize(connection, temporary, subject, sent);
      if (when) await checkAbsent(connection, target, subject);
      await publish(connection, temporary, target, subject);
      return { entry: { path, kind: 'file', size: sent, checksums: [] }, proof: 'size' };
    });
  } catch (thrown) {
    if (begun) await discard(root, temporary, subject, io);
    throw thrown;
  }
}

/** Whether something is at the target: a file has a size, a directory can be entered. */
async function checkAbsent(connection: Connection, target: string, subject: string): Promise<void> {
  for (const command of ['SIZE', 'CWD']) {
    try {
      await connection.client.send(`${command} ${target}`);
    } catch (thrown) {
      if (isRefusal(thrown)) continue;
      throw connection.failure(thrown, { doing: 'looking at', subject });
    }
    throw refusal('exists', `${subject} is there already`, subject);
  }
}

/** Sends the source; the number of bytes that it gave. */
async function send(
  connection: Connection,
  temporary: string,
  subject: string,
  source: Source,
  io: Io,
): Promise<number> {
  const tally = { bytes: 0, failure: undefined as Failure | undefined };
  const read = async function* (): AsyncGenerator<Uint8Array> {
    await handshake(connection);
    connection.flow = 'up';
    try {
      for await (const chunk of (await source.open(0, io.signal)) as AsyncIterable<Uint8Array>) {
        tally.bytes += chunk.byteLength;
        if (tally.bytes > (source.size ?? Infinity)) throw otherSize(subject, source.size ?? 0, 'more');
        yield chunk;
        io.progress?.(chunk.byteLength);
      }
      if (tally.bytes < (source.size ?? 0)) throw otherSize(subject, source.size ?? 0, 'fewer');
    } catch (thrown) {
      tally.failure = asFailure(thrown, subject);
      throw thrown;
    } finally {
      connection.flow = undefined;
    }
  };
  try {
    // Read when the server is ready: a refusal leaves the source untouched.
    await connection.client.uploadFrom(Readable.from(read(), { objectMode: false }), temporary);
  } catch (thrown) {
    throw tally.failure ?? connection.failure(thrown, { doing: 'writing', subject });
  }
  return tally.bytes;
}

/**
 * Waits until TLS is agreed on for data. basic-ftp asks for the cipher, which a resumed session has from the start, and
 * Node sends no close_notify while the end of the handshake is on its way: an empty file would look cut to the server.
 */
async function handshake({ client }: Connection): Promise<void> {
  const data = client.ftp.dataSocket;
  if (!(data instanceof TLSSocket)) return;
  if (data.getFinished() === undefined) {
    await new Promise<void>((resolve) => {
      data.once('secureConnect', resolve);
      data.once('close', () => resolve());
    });
  }
  await nextTurn();
}

function otherSize(subject: string, size: number, how: 'more' | 'fewer'): Failure {
  const message = `the source of ${subject} gave ${how} than the ${size} bytes announced`;
  return refusal('changed', message, subject, 'log it again when nothing writes to it any more');
}

async function confirmSize(
  connection: Connection,
  temporary: string,
  subject: string,
  sent: number,
): Promise<void> {
  const size = await sizeOf(connection, temporary, subject);
  if (size === sent) return;
  throw new Failure({
    kind: 'corrupt',
    message: `the server has ${size} bytes of ${subject} where ${sent} were sent`,
    subject,
    retry: 'later',
  });
}

/** Removes an unfinished file, also after a cancel. What cannot be removed stays hidden from listings. */
async function discard(root: Root, temporary: string, subject: string, io: Io): Promise<void> {
  try {
    await root.pool.use(cleanupIo(io), async (connection) => {
      await connection.client.send(`DELE ${temporary}`);
    });
  } catch (thrown) {
    if (!isRefusal(thrown)) io.trace?.('left', { subject, name: temporary });
  }
}
