import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isBelowFolder } from '../../resolver/local-paths.ts';

/** File systems that do not outlive what they belong to, by the number that statfs(2) gives. */
const FLEETING: ReadonlyMap<number, string> = new Map([
  [0x01_02_19_94, 'is in memory (tmpfs), and gone when that machine restarts'],
  [0x85_84_58_f6, 'is in memory (ramfs), and gone when that machine restarts'],
  [0x79_4c_76_30, 'is on the layer of a container (overlay), and gone with it'],
]);

/** The file system of what is nearest above a path; undefined where it may not be looked at. */
async function fileSystemOf(path: string, above: string): Promise<number | undefined> {
  for (let at = path; ; at = dirname(at)) {
    try {
      return (await statfs(`${above}${at}`)).type;
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== 'ENOENT' || at === '/') return undefined;
    }
  }
}

/**
 * Why what a process of this machine keeps in a folder does not stay there; undefined where nothing tells so. The folder
 * is looked at as that process sees it, which may be in a container.
 */
export async function impermanence(
  path: string,
  pid: string,
  tempDirectories: readonly string[],
): Promise<string | undefined> {
  const type = (await fileSystemOf(path, `/proc/${pid}/root`)) ?? (await fileSystemOf(path, ''));
  const fleeting = type === undefined ? undefined : FLEETING.get(type);
  if (fleeting !== undefined) return fleeting;
  return tempDirectories.some((folder) => isBelowFolder(path, folder))
    ? 'is in a temporary directory, which is emptied from time to time'
    : undefined;
}
