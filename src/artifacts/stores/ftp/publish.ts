import type { Connection } from './connection.ts';
import { isRefusal, refusal } from './failures.ts';
import { lookAt } from './look.ts';

async function rename(connection: Connection, from: string, to: string): Promise<void> {
  await connection.client.send(`RNFR ${from}`);
  await connection.client.send(`RNTO ${to}`);
}

/**
 * Gives a finished file its name. Where a server does not rename onto a file, the old one is put aside first and comes
 * back when the new one cannot take its place: for a moment the name is free, but no content is lost.
 * @throws Failure wrong-kind, denied; effect `unknown` when the answer was lost
 */
export async function publish(
  connection: Connection,
  temporary: string,
  target: string,
  subject: string,
): Promise<void> {
  try {
    await rename(connection, temporary, target);
  } catch (thrown) {
    const failure = connection.failure(thrown, { doing: 'writing', subject, effect: 'unknown' });
    if (!isRefusal(thrown)) throw failure;
    const there = await lookAt(connection, target, subject);
    if (there?.kind === 'directory') throw refusal('wrong-kind', `${subject} is a directory`, subject);
    if (!there) throw failure;
    await swap(connection, temporary, target, subject);
  }
}

async function swap(
  connection: Connection,
  temporary: string,
  target: string,
  subject: string,
): Promise<void> {
  const aside = `${temporary}.old`;
  const failed = (thrown: unknown) => connection.failure(thrown, { doing: 'replacing', subject });
  await rename(connection, target, aside).catch((thrown: unknown) => {
    throw failed(thrown);
  });
  try {
    await rename(connection, temporary, target);
  } catch (thrown) {
    if (!isRefusal(thrown)) {
      throw failed(thrown).with({ effect: 'unknown', hint: `the old content is in ${aside} on the server` });
    }
    await rename(connection, aside, target).catch((again: unknown) => {
      throw failed(again).with({ hint: `the old content is in ${aside} on the server` });
    });
    throw failed(thrown);
  }
  await connection.client.send(`DELE ${aside}`).catch((thrown: unknown) => {
    throw failed(thrown).with({ effect: 'unknown' });
  });
}
