import type { Stats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';

/** What an entry is, as MLSD tells (RFC 3659 section 7.5.1; links as ProFTPD). */
function typeOf(found: Stats): string {
  if (found.isDirectory()) return 'dir';
  if (found.isSymbolicLink()) return 'OS.unix=slink';
  return found.isFile() ? 'file' : 'OS.unix=special';
}

const digitsOf = (date: Date): string => date.toISOString().replace(/\D/g, '');

/** A time as MDTM and MLSD tell it: YYYYMMDDHHMMSS.sss in UTC. */
export function timeOf({ mtime }: Stats): string {
  const digits = digitsOf(mtime);
  return `${digits.slice(0, 14)}.${digits.slice(14)}`;
}

/** One line of MLSD or MLST. */
export function factsOf(name: string, found: Stats): string {
  const size = found.isFile() ? `size=${found.size};` : '';
  return `type=${typeOf(found)};${size}modify=${timeOf(found)};unique=${found.dev}.${found.ino}; ${name}`;
}

/** One line of LIST, as `ls -l` has it. */
function longLineOf(name: string, found: Stats): string {
  const kind = found.isDirectory() ? 'd' : found.isSymbolicLink() ? 'l' : '-';
  const date = found.mtime.toISOString();
  const month = found.mtime.toLocaleString('en', { month: 'short', timeZone: 'UTC' });
  return `${kind}rw-r--r--   1 owner group ${found.size} ${month} ${date.slice(8, 10)}  ${date.slice(0, 4)} ${name}`;
}

/** The lines that tell what is in a directory; `.` and `..` where they are asked for. */
export async function linesOf(
  folder: string,
  how: 'MLSD' | 'LIST',
  withDots: boolean,
): Promise<readonly string[]> {
  const names = [...(withDots ? ['.', '..'] : []), ...(await readdir(folder))];
  const lineOf = how === 'MLSD' ? factsOf : longLineOf;
  return Promise.all(names.map(async (name) => lineOf(name, await lstat(join(folder, name)))));
}
