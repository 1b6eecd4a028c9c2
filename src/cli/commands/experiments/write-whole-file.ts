import { randomBytes } from 'node:crypto';
import { open, rename, unlink, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Failure, type FailureKind } from '../../../core/failure.ts';

const KINDS: Readonly<Record<string, FailureKind>> = {
  ENOENT: 'not-found',
  ENOTDIR: 'not-found',
  EACCES: 'denied',
  EPERM: 'denied',
  EROFS: 'denied',
  EISDIR: 'wrong-kind',
  ENOSPC: 'no-space',
  EDQUOT: 'no-space',
};

function cannotWrite(path: string, thrown: unknown): Failure {
  const code = thrown instanceof Error ? (thrown as NodeJS.ErrnoException).code : undefined;
  const kind = code === undefined ? undefined : KINDS[code];
  if (code === undefined || kind === undefined) {
    return new Failure({ kind: 'unavailable', message: `${path} cannot be written`, subject: path }, thrown);
  }
  return new Failure(
    { kind, message: `${path} cannot be written (${code})`, subject: path, vendor: { code } },
    thrown,
  );
}

async function fill(file: FileHandle, lines: AsyncIterable<string>, path: string): Promise<void> {
  for await (const line of lines) {
    try {
      await file.write(line);
    } catch (thrown) {
      throw cannotWrite(path, thrown);
    }
  }
}

/**
 * Writes a text file whole or not at all: under another name in the same folder, then renamed.
 * @throws Failure not-found (no such folder), denied, wrong-kind (a folder), no-space, and whatever `lines` throws
 */
export async function writeWholeFile(path: string, lines: AsyncIterable<string>): Promise<void> {
  const partial = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString('hex')}.partial`);
  const file = await open(partial, 'wx').catch((thrown: unknown) => {
    throw cannotWrite(path, thrown);
  });
  try {
    await fill(file, lines, path);
    await file.close();
    await rename(partial, path).catch((thrown: unknown) => {
      throw cannotWrite(path, thrown);
    });
  } catch (thrown) {
    await file.close();
    await unlink(partial);
    throw thrown;
  }
}
