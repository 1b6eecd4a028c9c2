import type { Dirent } from 'node:fs';
import { lstat, readdir, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { nameOf } from '../../../core/artifact-path.ts';
import type { Incomplete } from '../../store.ts';
import { incompleteIn, isTemporary, type Child } from '../../temporaries.ts';
import { kindOf } from './entries.ts';
import { isAbsent, localFailure } from './failures.ts';
import type { Root } from './root.ts';

/** Unfinished files, ours and MLflow's. Links are not followed, neither to look nor to remove. */
export function localIncomplete(root: Root): Incomplete {
  return incompleteIn({
    isUnfinished: isTemporary,
    children: async (under) => {
      const directory = await root.realOf(under);
      return directory === undefined ? [] : childrenOf(directory);
    },
    remove: async (path) => {
      const parent = await root.plainParent(path);
      if (parent === undefined) return;
      await unlink(join(parent, nameOf(path))).catch((thrown: unknown) => {
        if (!isAbsent(thrown)) throw localFailure(thrown, 'removing', root.subject(path));
      });
    },
  });
}

async function childrenOf(directory: string): Promise<readonly Child[]> {
  let found: readonly Dirent[];
  try {
    found = await readdir(directory, { withFileTypes: true });
  } catch (thrown) {
    if (isAbsent(thrown)) return [];
    throw localFailure(thrown, 'listing', directory);
  }
  const children: Child[] = [];
  for (const dirent of found) {
    const { name } = dirent;
    const kind = kindOf(dirent);
    if (!isTemporary(name)) {
      if (kind === 'directory') children.push({ name, kind });
    } else if (kind === 'file') {
      const facts = await lstat(join(directory, name)).catch(() => undefined);
      if (facts) children.push({ name, kind, size: facts.size, modified: facts.mtime });
    }
  }
  return children;
}
