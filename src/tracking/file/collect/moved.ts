import { realpath } from 'node:fs/promises';
import { isAbsolute, join } from 'node:path';
import { Failure } from '../../../core/failure.ts';
import { parseLocation } from '../../../core/location.ts';
import type { FileContext } from '../context.ts';
import { subfolders, TRASH } from '../layout.ts';

/**
 * Where the files of a deleted experiment are: MLflow moves its folder into the trash and leaves what is recorded as it
 * was. Undefined where nothing moved.
 */
export type Moved = (uri: string) => Promise<string | undefined>;

async function realOf(path: string): Promise<string | undefined> {
  return realpath(path).catch(() => undefined);
}

/** Looks into the trash once. */
export async function createMoved({ root }: FileContext): Promise<Moved> {
  const trashed = new Set(await subfolders(join(root, TRASH)));
  const own = await realOf(root);
  const known = new Map<string, boolean>();
  const isRoot = async (head: string): Promise<boolean> => {
    const before = known.get(head);
    if (before !== undefined) return before;
    const found = await leadsTo(head, own);
    known.set(head, found);
    return found;
  };
  return async (uri) => {
    const segments = uri.split('/');
    for (let at = 1; at < segments.length; at += 1) {
      if (!trashed.has(segments[at] ?? '')) continue;
      if (!(await isRoot(segments.slice(0, at).join('/')))) continue;
      return [...segments.slice(0, at), TRASH, ...segments.slice(at)].join('/');
    }
    return undefined;
  };
}

async function leadsTo(head: string, root: string | undefined): Promise<boolean> {
  if (root === undefined) return false;
  try {
    const { scheme, path } = parseLocation(head);
    return scheme === 'file' && isAbsolute(path) && (await realOf(path)) === root;
  } catch (thrown) {
    if (thrown instanceof Failure) return false;
    throw thrown;
  }
}
