import { open, rename, rm, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { Failure, type FailureKind } from './failure.ts';

/** Text is written in pieces of this many characters or more. */
const PIECE = 65_536;

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

/** Why a file that the user named for output cannot be written. */
export function cannotWrite(path: string, thrown: unknown): Failure {
  const { code = 'unknown error' } = thrown as NodeJS.ErrnoException;
  const hint = code === 'ENOENT' ? `make the folder first: mkdir -p ${dirname(path)}` : 'name another file';
  return new Failure(
    {
      kind: KINDS[code] ?? 'unavailable',
      message: `${path} cannot be written (${code})`,
      hint,
      subject: path,
      vendor: { code },
    },
    thrown,
  );
}

/** Failures of the disk are told by `cannotWrite`, those of the text as they are. */
async function told<T>(path: string, work: Promise<T>): Promise<T> {
  return work.catch((thrown: unknown) => {
    throw cannotWrite(path, thrown);
  });
}

async function fill(
  file: FileHandle,
  text: Iterable<string> | AsyncIterable<string>,
  path: string,
): Promise<void> {
  let waiting = '';
  for await (const each of text) {
    waiting += each;
    if (waiting.length < PIECE) continue;
    await told(path, file.writeFile(waiting));
    waiting = '';
  }
  await told(path, file.writeFile(waiting));
  await told(path, file.sync());
}

/**
 * Writes a text file whole or not at all: under another name in the same folder, then renamed.
 * @throws Failure not-found (no such folder), denied, wrong-kind (a folder), no-space, and whatever `text` throws
 */
export async function writeWholeFile(
  path: string,
  text: Iterable<string> | AsyncIterable<string>,
): Promise<void> {
  const partial = join(dirname(path), `.${basename(path)}.${crypto.randomUUID()}.partial`);
  const file = await told(path, open(partial, 'wx'));
  try {
    await fill(file, text, path).finally(() => file.close());
    await told(path, rename(partial, path));
  } catch (thrown) {
    await rm(partial, { force: true });
    throw thrown;
  }
}
