import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../core/failure.ts';
import type { FileIdentity } from '../artifacts/sources.ts';

/** A file or an empty folder below a walked folder; `name` uses `/`. */
export type Walked =
  | ({ readonly kind: 'file'; readonly name: string } & FileIdentity)
  | { readonly kind: 'empty-folder'; readonly name: string; readonly file: string }
  | { readonly kind: 'special'; readonly name: string; readonly file: string }
  | { readonly kind: 'trouble'; readonly name: string; readonly file: string; readonly failure: Failure };

/**
 * Everything below a folder, sorted by name within each folder. Links are followed, as MLflow follows links to files.
 * What cannot be read below the folder (a link that leads nowhere or back into a folder being walked, a folder that may
 * not be listed) is given as `trouble`, and the walk goes on.
 * @throws Failure not-found, denied for the folder itself, invalid for a name that is not UTF-8
 */
export async function* walkFolder(folder: string): AsyncGenerator<Walked> {
  yield* walk(folder, '', []);
}

async function* walk(folder: string, prefix: string, above: readonly string[]): AsyncGenerator<Walked> {
  const opened = await openFolder(folder, above);
  if (opened instanceof Failure) {
    if (prefix === '') throw opened;
    yield { kind: 'trouble', name: prefix, file: folder, failure: opened };
    return;
  }
  const { real, names } = opened;
  if (names.length === 0 && prefix !== '') yield { kind: 'empty-folder', name: prefix, file: folder };
  for (const name of names) {
    yield* visit(join(folder, name), prefix === '' ? name : `${prefix}/${name}`, [...above, real]);
  }
}

async function* visit(file: string, name: string, above: readonly string[]): AsyncGenerator<Walked> {
  const facts = await stat(file).catch((thrown: unknown) => unwalkable(thrown, file));
  if (facts instanceof Failure) yield { kind: 'trouble', name, file, failure: facts };
  else if (facts.isDirectory()) yield* walk(file, name, above);
  else if (!facts.isFile()) yield { kind: 'special', name, file };
  else yield { kind: 'file', name, file, size: facts.size, mtimeMs: facts.mtimeMs, ino: facts.ino };
}

async function openFolder(
  folder: string,
  above: readonly string[],
): Promise<{ readonly real: string; readonly names: readonly string[] } | Failure> {
  let raw;
  let real;
  try {
    real = await realpath(folder);
    if (above.includes(real)) return loop(folder);
    raw = await readdir(folder, { encoding: 'buffer' });
  } catch (thrown) {
    return unwalkable(thrown, folder);
  }
  return { real, names: raw.sort((a, b) => a.compare(b)).map((bytes) => decodeName(bytes, folder)) };
}

function loop(folder: string): Failure {
  return new Failure({
    kind: 'invalid',
    message: `${folder} is a link back to a folder that contains it`,
    hint: 'remove the link, or log the folders one by one',
    subject: folder,
  });
}

function decodeName(bytes: Buffer, folder: string): string {
  const name = bytes.toString('utf8');
  if (Buffer.from(name, 'utf8').equals(bytes)) return name;
  throw new Failure({
    kind: 'invalid',
    message: `${join(folder, name)} has a name that is not UTF-8`,
    hint: 'rename it, for instance with convmv',
    subject: folder,
  });
}

/** What keeps a folder from being walked, as a Failure that names it. */
export function unwalkable(thrown: unknown, file: string): Failure {
  const { code } = thrown as NodeJS.ErrnoException;
  if (code === 'ENOENT') {
    return new Failure({ kind: 'not-found', message: `${file} does not exist`, subject: file }, thrown);
  }
  if (code === 'EACCES' || code === 'EPERM') {
    return new Failure({ kind: 'denied', message: `${file} may not be read`, subject: file }, thrown);
  }
  if (code === 'ELOOP') {
    return new Failure(
      { kind: 'invalid', message: `${file} is a link that leads to itself`, subject: file },
      thrown,
    );
  }
  return new Failure(
    { kind: 'unavailable', message: `${file} cannot be read (${code ?? 'unknown error'})`, subject: file },
    thrown,
  );
}
