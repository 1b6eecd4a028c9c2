import { randomBytes } from 'node:crypto';
import { lstat, open, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Failure } from '../../core/failure.ts';
import type { DownloadFile, Planned } from '../items.ts';

/** What a file system makes of names: two that become one text are one file there. */
export type Folding = (name: string) => string;

/** What a file system does not tell apart. */
export interface Blind {
  readonly toCase: boolean;
  /** Unicode's composed and decomposed forms. */
  readonly toForm: boolean;
  /** Dots and spaces at the end of a name. */
  readonly toEnd: boolean;
}

/**
 * How the file system of a folder, or of the nearest one above it that exists, folds names: found out by making one file
 * there and asking for it by other names. Undefined where it tells all names apart, and where nothing can be written.
 */
export async function foldingOf(folder: string): Promise<Folding | undefined> {
  const id = randomBytes(8).toString('hex');
  const made = await makeProbe(folder, `.mlstow-é-${id}.partial`);
  if (made === undefined) return undefined;
  try {
    const above = dirname(made);
    const isThere = async (name: string): Promise<boolean> =>
      lstat(join(above, name)).then(
        () => true,
        () => false,
      );
    return createFolding({
      toCase: await isThere(`.MLSTOW-é-${id}.partial`),
      toForm: await isThere(`.mlstow-é-${id}.partial`.normalize('NFD')),
      toEnd: await isThere(`.mlstow-é-${id}.partial.`),
    });
  } finally {
    await rm(made, { force: true }).catch(() => undefined);
  }
}

async function makeProbe(folder: string, name: string): Promise<string | undefined> {
  const file = join(folder, name);
  try {
    const handle = await open(file, 'wx', 0o600);
    await handle.close();
    return file;
  } catch (thrown) {
    const above = dirname(folder);
    const isAbsent = (thrown as NodeJS.ErrnoException).code === 'ENOENT';
    return isAbsent && above !== folder ? makeProbe(above, name) : undefined;
  }
}

/** Undefined when all names are told apart. */
export function createFolding({ toCase, toForm, toEnd }: Blind): Folding | undefined {
  if (!toCase && !toForm && !toEnd) return undefined;
  return (name) => {
    const ended = toEnd ? name.replaceAll(/[. ]+(?=\/|$)/g, '') : name;
    const upper = toCase ? ended.toUpperCase() : ended;
    return toForm ? upper.normalize('NFC') : upper;
  };
}

/**
 * Of two files that would fall together, the second is trouble. Names are kept in memory, which only a file system that
 * folds them costs.
 */
export async function* refuseFolded(
  items: AsyncIterable<Planned<DownloadFile>>,
  folding: Folding,
  folder: string,
): AsyncGenerator<Planned<DownloadFile>> {
  const taken = new Map<string, string>();
  for await (const item of items) {
    if (item.kind !== 'file') {
      yield item;
      continue;
    }
    const { name, entry } = item.file;
    const folded = folding(name);
    const before = taken.get(folded);
    if (before === undefined) taken.set(folded, name);
    const isClash = before !== undefined && before !== name;
    yield isClash
      ? {
          kind: 'trouble',
          path: entry.path,
          local: join(folder, name),
          failure: together(name, before, folder),
        }
      : item;
  }
}

function together(name: string, before: string, folder: string): Failure {
  return new Failure({
    kind: 'exists',
    message: `${name} and ${before} are one name to the file system of ${folder}; only ${before} is fetched`,
    hint: `download ${name} alone into another folder`,
    subject: name,
  });
}
