import { open, rename, rm } from 'node:fs/promises';
import { Failure } from '../core/failure.ts';

/** A file of gc's that cannot be written. */
export function unwritable(file: string, thrown: unknown): Failure {
  return new Failure(
    { kind: 'denied', message: `the file ${file} cannot be written`, subject: file },
    thrown,
  );
}

/** Writes a file of lines whole or not at all. @throws Failure denied */
export async function writeLines(file: string, lines: Iterable<string>): Promise<void> {
  const unfinished = `${file}.${process.pid}.partial`;
  try {
    const handle = await open(unfinished, 'w');
    try {
      let waiting = '';
      for (const line of lines) {
        waiting += `${line}\n`;
        if (waiting.length > 65_536) {
          await handle.write(waiting);
          waiting = '';
        }
      }
      await handle.write(waiting);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(unfinished, file);
  } catch (thrown) {
    await rm(unfinished, { force: true });
    throw unwritable(file, thrown);
  }
}
