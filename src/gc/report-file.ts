import { open } from 'node:fs/promises';
import { cannotWrite } from '../core/whole-file.ts';

/** A file of lines that grows while work goes on: whole lines only, also after a kill. */
export interface ReportFile {
  /** @throws Failure as `cannotWrite`: an earlier line could not be written */
  put(line: string): void;
  /** Resolves when all lines are written. @throws Failure as `cannotWrite` */
  close(): Promise<void>;
}

/**
 * Begins a file anew, so that one that cannot be written is known before anything is done.
 * @throws Failure as `cannotWrite`
 */
export async function openReport(file: string): Promise<ReportFile> {
  const handle = await open(file, 'w').catch((thrown: unknown) => {
    throw cannotWrite(file, thrown);
  });
  let waiting = '';
  let writing: Promise<void> | undefined;
  let broken: { readonly thrown: unknown } | undefined;
  const stopIfBroken = (): void => {
    if (broken) throw cannotWrite(file, broken.thrown);
  };
  const write = async (): Promise<void> => {
    try {
      for (; waiting !== '' && !broken;) {
        const lines = waiting;
        waiting = '';
        await handle.appendFile(lines);
      }
    } catch (thrown) {
      broken = { thrown };
    }
    writing = undefined;
  };
  return {
    put: (line) => {
      stopIfBroken();
      waiting += `${line}\n`;
      writing ??= write();
    },
    close: async () => {
      await writing;
      await handle.close();
      stopIfBroken();
    },
  };
}
