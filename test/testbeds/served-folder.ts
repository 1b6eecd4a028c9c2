import { mkdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join, posix } from 'node:path';
import { bedFolder } from './bed.ts';

/**
 * A new folder of this machine that a server in this process serves as its `/`. Rights are kept by the server, since
 * root, who may run the tests, is not kept out by file modes.
 */
export interface ServedFolder {
  readonly root: string;
  /** Where a path of the server is on this machine. Throws EACCES below a forbidden directory. */
  readonly locate: (path: string) => string;
  /** The same of a directory whose names are asked for: EACCES for a forbidden one as well. */
  readonly enter: (path: string) => string;
  /** Keeps everybody out of a directory, by its path on the server, for as long as `act` runs. */
  readonly forbid: (path: string, act: () => Promise<void>) => Promise<void>;
  /** Stores empty files below a directory, straight on this machine. */
  readonly fill: (path: string, names: readonly string[]) => Promise<void>;
  readonly remove: () => Promise<void>;
}

const asServed = (path: string): string => posix.resolve('/', path);

function noRights(path: string): Error {
  return Object.assign(new Error(`EACCES: permission denied, '${path}'`), { code: 'EACCES' });
}

export async function serveFolder(name: string): Promise<ServedFolder> {
  const root = await bedFolder(name);
  const forbidden = new Set<string>();
  const locate = (path: string) => {
    const served = asServed(path);
    for (const each of forbidden) if (served.startsWith(`${each}/`)) throw noRights(served);
    return join(root, served);
  };
  return {
    root,
    locate,
    enter: (path) => {
      if (forbidden.has(asServed(path))) throw noRights(path);
      return locate(path);
    },
    forbid: async (path, act) => {
      forbidden.add(asServed(path));
      await act().finally(() => forbidden.delete(asServed(path)));
    },
    fill: async (path, names) => {
      for (const folder of new Set(names.map(dirname)))
        await mkdir(join(root, path, folder), { recursive: true });
      for (const name of names) await writeFile(join(root, path, name), '');
    },
    remove: async () => rm(root, { recursive: true, force: true }),
  };
}
