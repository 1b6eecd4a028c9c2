import { stat, lstat } from 'node:fs/promises';
import type { Entry } from '../../artifacts/store.ts';
import { unwalkable } from './unwalkable.ts';

/** What is at the destination under the name of a file that is to be moved there. */
export type There = Pick<Entry, 'kind' | 'size' | 'modified' | 'checksums'>;

/** What is at a path of this machine; a link is what it leads to. @throws Failure denied, unavailable */
export async function lookHere(file: string): Promise<There | undefined> {
  try {
    const facts = await stat(file);
    if (facts.isDirectory()) return { kind: 'directory', checksums: [] };
    const { size, mtime: modified } = facts;
    return { kind: facts.isFile() ? 'file' : 'other', size, modified, checksums: [] };
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'ENAMETOOLONG' || code === 'ENOTDIR') return undefined;
    if (code !== 'ENOENT' && code !== 'ELOOP') throw unwalkable(thrown, file);
    const isLink = await lstat(file).then(
      () => true,
      () => false,
    );
    return isLink ? { kind: 'other', checksums: [] } : undefined;
  }
}
