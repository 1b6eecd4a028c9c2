import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseLine } from '../../src/transfer/run/journal/lines.ts';

/** Bytes of a part and of a range. */
const PART_BYTES = 16 * 1024 ** 2;

/** The number of the part that a request moved, from 1; undefined where it moved a whole file. */
export function partOf(query: URLSearchParams, range: string | undefined): number | undefined {
  const number = query.get('partNumber');
  if (number !== null) return Number(number);
  const block = query.get('blockid');
  if (block !== null) return Number(/\d{5}$/.exec(Buffer.from(block, 'base64').toString())?.[0]);
  const from = /^bytes=(\d+)-/.exec(range ?? '')?.[1];
  return from === undefined ? undefined : Number(from) / PART_BYTES + 1;
}

/** What the notes of an interrupted transfer say of a file: it is done, or these parts of it are. */
export type Noted = ReadonlyMap<string, 'done' | ReadonlySet<number>>;

/** What the notes below a state folder say, by paths below `tree`; nothing where the transfer was over. */
export async function readNotes(state: string): Promise<Noted> {
  const folder = join(state, 'mlstow/transfers');
  const noted = new Map<string, 'done' | Set<number>>();
  for (const file of await readdir(folder).catch(() => [])) {
    for (const text of (await readFile(join(folder, file), 'utf8')).split('\n')) {
      const line = parseLine(text);
      if (line === undefined || !('path' in line)) continue;
      const name = line.path.replace(/^tree\//, '');
      const known = noted.get(name);
      if (line.kind === 'done') noted.set(name, 'done');
      else if (line.kind === 'gone') noted.delete(name);
      else if ((line.kind === 'part' || line.kind === 'range') && known !== 'done')
        noted.set(name, (known ?? new Set()).add(line.number));
    }
  }
  return noted;
}

/** Whether the notes say that a part of a file, or all of it, need not be moved again. */
export function isNoted(noted: Noted, name: string, part: number | undefined): boolean {
  const known = noted.get(name);
  return known === 'done' || (known !== undefined && part !== undefined && known.has(part));
}
