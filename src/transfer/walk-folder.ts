import { readdir, realpath, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Failure } from '../core/failure.ts';
import type { FileIdentity } from '../artifacts/sources.ts';

/** A file or an empty folder below a walked folder; `name` uses `/`. */
export type Walked =
  | ({ readonly kind: 'file'; readonly name: string } & FileIdentity)
  | { readonly kind: 'empty-folder'; readonly name: string; readonly file: string }
  | { readonly kind: 'special'; readonly name: string; readonly file: string };

/**
 * Everything below a folder, sorted by name within each folder. Links are followed, as MLflow follows links to files; a
 * link that leads back into a folder being walked is refused rather than followed for ever.
 * @throws Failure not-found (a dangling link), denied, invalid (a loop, a name that is not UTF-8)
 */
export async function* walkFolder(folder: string): AsyncGenerator<Walked> {
  yield* walk(folder, '', []);
}

async function* walk(folder: string, prefix: string, above: readonly string[]): AsyncGenerator<Walked> {
  const real = await realpath(folder).catch((thrown: unknown) => Promise.reject(unwalkable(thrown, folder)));
  if (above.includes(real)) {
    throw new Failure({
      kind: 'invalid',
      message: `${folder} is a link back to a folder that contains it`,
      hint: 'remove the link, or log the folders one by one',
      subject: folder,
    });
  }
  const names = await readNames(folder);
  if (names.length === 0 && prefix !== '') yield { kind: 'empty-folder', name: prefix, file: folder };
  for (const name of names) {
    yield* visit(join(folder, name), prefix === '' ? name : `${prefix}/${name}`, [...above, real]);
  }
}

async function* visit(file: string, name: string, above: readonly string[]): AsyncGenerator<Walked> {
  const facts = await stat(file).catch((thrown: unknown) => Promise.reject(unwalkable(thrown, file)));
  if (facts.isDirectory()) yield* walk(file, name, above);
  else if (!facts.isFile()) yield { kind: 'special', name, file };
  else yield { kind: 'file', name, file, size: facts.size, mtimeMs: facts.mtimeMs, ino: facts.ino };
}

async function readNames(folder: string): Promise<readonly string[]> {
  const raw = await readdir(folder, { encoding: 'buffer' }).catch((thrown: unknown) =>
    Promise.reject(unwalkable(thrown, folder)),
  );
  return raw.sort(Buffer.compare).map((bytes) => decodeName(bytes, folder));
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
